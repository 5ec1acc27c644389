/** What lies in the image directory, and who uses it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { imageFileCandidates } from '../core/manifest/image-reference.ts';
import { errorCode } from '../core/thrown.ts';
import { findDiskFile, readImage } from '../qemu/image-file.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { ImageError } from './image-error.ts';
import type { ImageUsers } from './image-users.ts';
import { digestOfLink } from './store.ts';

/** One entry of `images list -o json`. */
export interface ImageEntry {
  /** Relative to the image directory. */
  readonly file: string;
  /** Absent when it cannot be read as a disk, which `problem` tells about. */
  readonly format?: 'qcow2' | 'raw';
  /** What a guest sees, and what the file takes up, in bytes. */
  readonly virtualBytes?: number;
  readonly realBytes: number;
  /** VMs whose files name it. */
  readonly usedBy: readonly string[];
  /** Of what was pulled; absent for what somebody put there. */
  readonly digest?: string;
  readonly problem?: string;
}

/** How the files of images end, in any case of letters. */
const IMAGE_NAME = /\.(?:qcow2|img|raw|iso)$/i;
const BLOCK_BYTES = 512;

/**
 * Names of the images, sorted, relative to the directory: what ends like one, and what a VM names. Directories that
 * begin with `_` or `.` hold what is none, such as the disks of claims.
 * @throws ImageError
 */
export async function listImages(
  imagesDir: string,
  { byPath }: ImageUsers,
): Promise<readonly string[]> {
  const found: string[] = [];
  await walk(imagesDir, '', (file) => {
    if (IMAGE_NAME.test(file) || byPath.has(file)) found.push(file);
  });
  return found.toSorted((one, other) => (one < other ? -1 : 1));
}

/** Every file and link that is neither below `_` nor below `.`. @throws ImageError */
export async function walk(
  dir: string,
  below: string,
  take: (file: string) => void,
): Promise<void> {
  const entries = await readdir(join(dir, below), { withFileTypes: true }).catch(
    (cause: unknown) => {
      if (errorCode(cause) === 'ENOENT') return [];
      throw new ImageError(`${join(dir, below)} cannot be read: ${reasonOf(cause)}`, { cause });
    },
  );
  for (const entry of entries) {
    const path = join(below, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('_')) await walk(dir, path, take);
    } else if (entry.isFile() || entry.isSymbolicLink()) take(path);
  }
}

export async function describeImage(
  imagesDir: string,
  file: string,
  { byPath }: ImageUsers,
): Promise<ImageEntry> {
  const path = join(imagesDir, file);
  const usedBy = byPath.get(file) ?? [];
  const digest = digestOfLink(imagesDir, path);
  const entry = { file, usedBy, ...(digest !== undefined && { digest }) };
  const realBytes = await stat(path).then(
    ({ blocks }) => blocks * BLOCK_BYTES,
    () => 0,
  );
  try {
    const disk = await findDiskFile(path, 'read');
    if (disk === undefined) return { ...entry, realBytes, problem: 'it leads nowhere' };
    const { format, sizeBytes } = await readImage(disk);
    return { ...entry, format, virtualBytes: sizeBytes, realBytes };
  } catch (error) {
    return { ...entry, realBytes, problem: reasonOf(error) };
  }
}

/**
 * The file that a name means: a path in the image directory, or the reference of an image.
 * @throws ImageError when there is none
 */
export function findImage(name: string, files: readonly string[]): string {
  const path = name.replace(/^(?:\.?\/)+/, '');
  const found = [path, ...imageFileCandidates(name)].find((candidate) => files.includes(candidate));
  if (found !== undefined) return found;
  throw new ImageError(`there is no image ${JSON.stringify(name)}`, {
    hint: 'solovirt images list shows what there is.',
  });
}
