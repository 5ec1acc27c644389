/** Why an instance's files cannot be got ready, in words that its owner understands. */
import { errorCode, errorMessage } from '../core/thrown.ts';

/** The message names the disk or kernel, every path that was looked at, and what would be right. */
export class PrepareError extends Error {
  override readonly name = 'PrepareError';
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it exists already',
  EFBIG: 'the file system takes no file of that size',
  EIO: 'the device reports an input/output error',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links go in circles',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENODEV: 'the device is gone',
  ENOENT: 'it does not exist',
  ENOSPC: 'the file system is full',
  ENOTDIR: 'a part of the path is not a directory',
  ENXIO: 'there is no such device',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
};

/** A failed system call in plain words; anything else in its own. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error);
  const reason = code === undefined ? undefined : REASONS[code];
  return reason ?? errorMessage(error);
}
