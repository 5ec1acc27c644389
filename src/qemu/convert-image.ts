/** Copies an image into a qcow2 of its own. */
import { filesBelow } from './image-chain.ts';
import type { Image } from './image-file.ts';
import type { Roots } from './path-policy.ts';
import { PrepareError } from './prepare-error.ts';
import { qemuImg } from './qemu-img.ts';

export interface ConvertOptions extends Roots {
  readonly signal: AbortSignal;
  /** In words, such as `34 % downloaded`. */
  readonly onProgress: (progress: string) => void;
}

export interface Copy {
  readonly source: Image;
  /** A file that is there and empty. */
  readonly target: string;
  /** What the guest is to see; undefined: as much as the source has. */
  readonly sizeBytes: number | undefined;
}

/** @throws PrepareError; the signal's reason when aborted */
export async function convertImage(
  { source, target, sizeBytes = source.sizeBytes }: Copy,
  options: ConvertOptions,
): Promise<void> {
  if (sizeBytes < source.sizeBytes)
    throw new PrepareError(
      `its size of ${sizeBytes} bytes is less than the ${source.sizeBytes} bytes of what it is made from`,
    );
  const below = await filesBelow(source, options);
  const access = { read: [source.path, ...below], write: [target] };
  const { format, path } = source;
  await qemuImg(['convert', '-p', '-f', format, '-O', 'qcow2', path, target], access, options);
  if (sizeBytes > source.sizeBytes)
    await qemuImg(['resize', '-q', '-f', 'qcow2', target, String(sizeBytes)], access, options);
}
