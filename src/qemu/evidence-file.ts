/**
 * Opens files of an instance's directory as files of somebody who cannot be trusted: under the systemd launcher
 * QEMU's user may write there, and where the kernel has no Landlock a QEMU that was taken over could put links to
 * other files in their place, or named pipes that never end, or more bytes than there is memory for.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '../core/thrown.ts';

/** Never through a link, and never waiting for the other end of a pipe. */
export const UNTRUSTED = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** None of the files that are read as a whole comes near this. */
const MAX_BYTES = 1024 * 1024;
const CHUNK_BYTES = 16 * 1024;

/** Opens a regular file; undefined when there is none. */
export async function openEvidence(
  path: string,
  flags: number = constants.O_RDONLY,
  mode?: number,
): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, flags | UNTRUSTED, mode);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error;
  }
}

/** The same at once: a file descriptor to be closed. */
export function openEvidenceSync(
  path: string,
  flags: number = constants.O_RDONLY,
  mode?: number,
): number | undefined {
  try {
    const fd = openSync(path, flags | UNTRUSTED, mode);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    return undefined;
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw error;
  }
}

/** The beginning of a file, all of it unless it is longer than any that we write; undefined when there is none. */
export function readEvidence(path: string, encoding: 'utf8' | 'latin1'): string | undefined {
  const fd = openEvidenceSync(path);
  if (fd === undefined) return undefined;
  try {
    return readUpTo(fd, MAX_BYTES).toString(encoding);
  } catch (error) {
    // /proc: the process ended between open and read.
    if (errorCode(error) === 'ESRCH') return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Files of /proc do not tell their size. */
function readUpTo(fd: number, most: number): Buffer {
  const pieces: Buffer[] = [];
  let total = 0;
  while (total < most) {
    const piece = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, most - total));
    const count = readSync(fd, piece, 0, piece.length, null);
    if (count === 0) break;
    pieces.push(piece.subarray(0, count));
    total += count;
  }
  return Buffer.concat(pieces, total);
}

/** Nothing, a process that is gone, a link, a socket or a pipe, a directory. */
const NO_FILE: readonly unknown[] = ['ENOENT', 'ESRCH', 'ELOOP', 'ENXIO', 'EISDIR'];

function isNoFile(error: unknown): boolean {
  return NO_FILE.includes(errorCode(error));
}
