/**
 * The last lines of a log that `cap-log.ts` keeps short: PATH, and before it PATH.1.
 */
import { openEvidence } from './evidence-file.ts';

export interface TailLimits {
  readonly maxLines: number;
  readonly maxBytes: number;
}

/**
 * The last lines of `path` without a final newline, raw otherwise; empty when there is no such file. A first
 * line that does not fit into `maxBytes` whole is left out, unless it is the only one.
 */
export async function readTail(path: string, limits: TailLimits): Promise<string> {
  const newer = await readEnd(path, limits.maxBytes);
  const isShort = !newer.isCut && countLines(newer.bytes) < limits.maxLines;
  const older = isShort
    ? await readEnd(`${path}.1`, limits.maxBytes - newer.bytes.length)
    : NOTHING;
  const text = Buffer.concat([older.bytes, newer.bytes])
    .toString('utf8')
    .replace(/\r?\n$/, '');
  const lines = text.split('\n');
  if ((newer.isCut || older.isCut) && lines.length > 1) lines.shift();
  // Not slice(-maxLines), which is the whole of it for 0.
  return lines.slice(Math.max(0, lines.length - limits.maxLines)).join('\n');
}

interface FileEnd {
  readonly bytes: Buffer;
  /** The file has more before these bytes. */
  readonly isCut: boolean;
}

const NOTHING: FileEnd = { bytes: Buffer.alloc(0), isCut: false };

async function readEnd(path: string, maxBytes: number): Promise<FileEnd> {
  const file = await openEvidence(path);
  if (file === undefined) return NOTHING;
  await using handle = file;
  const { size } = await handle.stat();
  const length = Math.min(size, maxBytes);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  return { bytes: buffer.subarray(0, bytesRead), isCut: size > length };
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count += 1;
  return count;
}
