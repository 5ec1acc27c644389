/**
 * Makes the files that disks are written to: overlays, scratch disks and seeds in the instance's directory, and
 * host disks that are to be created. Each appears complete or not at all, and is nobody else's to read.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImageFormat } from '../core/qemu-args/input.ts';
import { errorCode } from '../core/thrown.ts';
import type { Image } from './image-file.ts';
import {
  emptyQcow2,
  QCOW2_MAX_BACKING_NAME_BYTES,
  QCOW2_MAX_BYTES,
  type SparseFile,
} from './overlay-qcow2.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';

const SECTOR_BYTES = 512;
/** The directory says which group that is: the one of the unit that QEMU runs in, or none but the owner's. */
const OWNER_AND_GROUP = 0o660;
/** Marks a file that is still being made. */
export const UNFINISHED = '.unfinished';

/** Makes (or makes anew) a disk that reads like `base` until it is written to. @throws PrepareError */
export function createOverlay(path: string, base: Image): void {
  const nameBytes = Buffer.byteLength(base.path);
  if (nameBytes > QCOW2_MAX_BACKING_NAME_BYTES)
    throw new PrepareError(
      `the path of the image is ${nameBytes} bytes long and may have ${QCOW2_MAX_BACKING_NAME_BYTES}: ${base.path}`,
    );
  const { sizeBytes } = base;
  replaceFile(path, emptyQcow2({ sizeBytes: withinLimits(sizeBytes), backing: base }));
}

/** Makes (or makes anew) an empty disk that grows as it is written to. @throws PrepareError */
export function createScratchDisk(path: string, capacityBytes: number): void {
  replaceFile(path, emptyQcow2({ sizeBytes: withinLimits(capacityBytes) }));
}

/** Makes (or makes anew) a file of these bytes. @throws PrepareError */
export function createFile(path: string, bytes: Uint8Array): void {
  replaceFile(path, { pieces: [{ at: 0, bytes }], length: bytes.length });
}

/**
 * Makes a host disk unless there is one by now: somebody else's file is never touched.
 * @throws PrepareError
 */
export async function createHostDisk(
  path: string,
  format: ImageFormat,
  capacityBytes: number,
): Promise<void> {
  const sizeBytes = withinLimits(capacityBytes);
  const contents =
    format === 'qcow2' ? emptyQcow2({ sizeBytes }) : { pieces: [], length: sizeBytes };
  const unfinished = join(dirname(path), `.${randomUUID()}${UNFINISHED}`);
  try {
    writeSparse(unfinished, contents);
    await flush(unfinished);
    await publish(unfinished, path);
  } catch (cause) {
    throw new PrepareError(`cannot create ${path}: ${reasonOf(cause)}`, { cause });
  } finally {
    await rm(unfinished, { force: true });
  }
}

/**
 * Gives a finished file its name, unless there is one of that name by now: a link fails there, and a file system without
 * links gets the next best.
 */
export async function publish(unfinished: string, path: string): Promise<void> {
  try {
    await link(unfinished, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    await rename(unfinished, path);
  }
}

function replaceFile(path: string, contents: SparseFile): void {
  const unfinished = path + UNFINISHED;
  try {
    rmSync(unfinished, { force: true });
    writeSparse(unfinished, contents);
    renameSync(unfinished, path);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw new PrepareError(`cannot create ${path}: ${reasonOf(cause)}`, { cause });
  }
}

function writeSparse(path: string, { pieces, length }: SparseFile): void {
  const file = openSync(path, 'wx', OWNER_AND_GROUP);
  try {
    for (const { at, bytes } of pieces) writeSync(file, bytes, 0, bytes.length, at);
    ftruncateSync(file, length);
  } finally {
    closeSync(file);
  }
}

async function flush(path: string): Promise<void> {
  await using handle = await open(path, 'r+');
  await handle.sync();
}

function withinLimits(bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes > QCOW2_MAX_BYTES)
    throw new PrepareError(
      `a capacity of ${bytes} bytes is not possible; it may be 1 to ${QCOW2_MAX_BYTES}`,
    );
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}
