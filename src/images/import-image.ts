/** Puts a disk that is on this host already into the image directory, under the name of a container image. */
import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { imageBase, imageFileCandidates } from '../core/manifest/image-reference.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { isWholeQcow2 } from '../qemu/qemu-img.ts';
import { checkDisk } from './check-disk.ts';
import { HoleWriter } from './hole-writer.ts';
import { ImageError } from './image-error.ts';
import { lookAt, openBench, putInPlace, settle } from './place-image.ts';
import { readReference } from './pull-image.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface ImportRequest {
  readonly file: string;
  /** Undefined: the file's name without its ending. */
  readonly reference?: string;
  readonly imagesDir: string;
}

export interface ImportWatcher {
  readonly signal: AbortSignal;
  readonly onWait: () => void;
  readonly onBytes: (bytes: number) => void;
}

/** @returns the image's name and file. @throws ImageError */
export async function importImage(
  { file, reference = nameOf(file), imagesDir }: ImportRequest,
  watcher: ImportWatcher,
): Promise<{ readonly reference: string; readonly file: string }> {
  const parsed = readReference(reference);
  const found = await lookAt(file);
  if (found === undefined) throw new ImageError(`${file} does not exist, or cannot be looked at`);
  if (!found.isFile()) throw new ImageError(`${file} is not a file`);
  const base = imageBase(parsed);
  await using bench = await openBench(imagesDir, base, watcher);
  await refusePresent(imagesDir, reference);
  const made = join(bench.directory, 'disk');
  try {
    await copy(file, made, watcher);
    await settle(made);
  } catch (cause) {
    if (watcher.signal.aborted) throw cause;
    throw new ImageError(`${file} cannot be copied to ${imagesDir}: ${reasonOf(cause)}`, { cause });
  }
  // The copy is looked at: the file itself may be another by now.
  const ending = await checkDisk(made, file);
  if (ending === 'qcow2') await checkWhole(made, file, watcher.signal);
  return { reference, file: await putInPlace(imagesDir, made, `${base}.${ending}`) };
}

async function checkWhole(made: string, file: string, signal: AbortSignal): Promise<void> {
  const isWhole = await isWholeQcow2(made, signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new ImageError(`${file} cannot be looked at: ${reasonOf(cause)}`, { cause });
  });
  if (isWhole) return;
  throw new ImageError(`${file} is a damaged qcow2, which was cut off, perhaps`, {
    hint: `\`qemu-img check ${file}\` tells more.`,
  });
}

function nameOf(file: string): string {
  return basename(file)
    .replace(/\.[^.]+$/, '')
    .toLowerCase();
}

async function refusePresent(imagesDir: string, reference: string): Promise<void> {
  for (const candidate of imageFileCandidates(reference)) {
    const path = join(imagesDir, candidate);
    if ((await lookAt(path)) === undefined) continue;
    throw new ImageError(`${reference} is there already, as ${path}`, {
      hint: `Remove it first (solovirt images remove ${reference}), or give this one another name.`,
    });
  }
}

async function copy(from: string, to: string, { signal, onBytes }: ImportWatcher): Promise<void> {
  using writer = new HoleWriter(to);
  const source: AsyncIterable<Buffer> = createReadStream(from, { highWaterMark: CHUNK_BYTES });
  for await (const chunk of source) {
    signal.throwIfAborted();
    writer.write(chunk);
    onBytes(writer.size);
  }
  writer.finish();
}
