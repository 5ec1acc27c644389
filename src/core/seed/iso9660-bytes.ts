/** Numbers and texts as ECMA-119 writes them (sections 7 and 8), as lists of bytes. */

/** Logical sector of a CD. */
export const SECTOR = 2048;

export function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / SECTOR);
}

export function bytesOf(text: string): readonly number[] {
  return [...new TextEncoder().encode(text)];
}

/** The lowest byte first. */
export function little(value: number, size: 2 | 4): readonly number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** index) % 256);
}

/** The highest byte first. */
export function big(value: number, size: 2 | 4): readonly number[] {
  return little(value, size).toReversed();
}

/** In both orders (7.2.3). */
export function both16(value: number): readonly number[] {
  return [...little(value, 2), ...big(value, 2)];
}

/** In both orders (7.3.3). */
export function both32(value: number): readonly number[] {
  return [...little(value, 4), ...big(value, 4)];
}

/** Cut to a length, or filled up to it by repeating `filler`. */
export function padded(
  bytes: readonly number[],
  length: number,
  filler: readonly number[] = [0],
): readonly number[] {
  const missing = Math.max(0, length - bytes.length);
  const rest = Array.from({ length: missing }, (_, index) => filler[index % filler.length] ?? 0);
  return [...bytes.slice(0, length), ...rest];
}
