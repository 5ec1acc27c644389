/**
 * What can go wrong with the state database, in plain words. SQLite's codes: https://sqlite.org/rescode.html.
 */

import { errorCode, errorMessage } from '../core/thrown.ts';

/** The database cannot be opened, and setting it aside would not help. The daemon does not start. */
export class StateOpenError extends Error {
  override readonly name = 'StateOpenError';
}

/** A change could not be stored. Nothing of it is stored; the caller must not do what it was about to do. */
export class StateWriteError extends Error {
  override readonly name = 'StateWriteError';
}

/** Stored data cannot be read. */
export class StateReadError extends Error {
  override readonly name = 'StateReadError';
}

const CORRUPT = 11;
const NOT_A_DATABASE = 26;
export const BUSY = 5;

/** SQLite's primary result code, or undefined for errors of another kind. */
export function sqliteCode(error: unknown): number | undefined {
  const extended = extendedCode(error);
  return extended === undefined ? undefined : extended & 0xff;
}

function extendedCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** True when the file's content is to blame, so that another file would do. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

const READ_ONLY = 8;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
/** SQLITE_IOERR_SHMSIZE */
const NO_ROOM_FOR_INDEX = 4874;
const NO_SPACE = 'no space left on the disk';
const ERRNO_WORDS: Readonly<Record<string, string>> = {
  EROFS: 'its file system is read-only',
  ENOSPC: NO_SPACE,
  EDQUOT: 'the disk quota is used up',
};
const UNWRITABLE_CODES = [READ_ONLY, IO_ERROR, FULL, CANNOT_OPEN];
const UNWRITABLE_ERRNOS = ['EROFS', 'ENOSPC', 'EDQUOT', 'EIO'];

/**
 * True when the disk takes no changes: what is on it can perhaps still be read. SQLite fails with CANTOPEN or IOERR
 * when it cannot make the files that go with a database.
 */
export function isUnwritable(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code !== undefined) return UNWRITABLE_CODES.includes(code);
  return UNWRITABLE_ERRNOS.includes(errorCode(error) ?? '');
}

/** True when this handle will never write, whatever becomes of the disk. */
export function isReadOnlyHandle(error: unknown): boolean {
  return sqliteCode(error) === READ_ONLY;
}

/** What happened, without SQLite's jargon where a person can do something about it. */
export function plainWords(error: unknown): string {
  const known = ERRNO_WORDS[errorCode(error) ?? ''];
  if (known !== undefined) return known;
  if (extendedCode(error) === NO_ROOM_FOR_INDEX) return NO_SPACE;
  switch (sqliteCode(error)) {
    case 3:
      return 'permission denied';
    case BUSY:
    case 6:
      return 'another program keeps it locked';
    case READ_ONLY:
      return 'it, its directory or its file system is read-only';
    case IO_ERROR:
      return `its disk fails (${errorMessage(error)})`;
    case CORRUPT:
      return 'it is damaged';
    case FULL:
      return NO_SPACE;
    case CANNOT_OPEN:
      return 'it cannot be opened (is its directory there, and may the daemon write to it?)';
    case NOT_A_DATABASE:
      return 'it is not a database';
    default:
      return errorMessage(error);
  }
}
