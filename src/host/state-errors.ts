/**
 * What can go wrong with the state database, in plain words. SQLite's codes: https://sqlite.org/rescode.html.
 */

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
  const extended = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof extended === 'number' ? extended & 0xff : undefined;
}

/** True when the file's content is to blame, so that another file would do. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** What happened, without SQLite's jargon where a person can do something about it. */
export function plainWords(error: unknown): string {
  switch (sqliteCode(error)) {
    case 3:
      return 'permission denied';
    case BUSY:
    case 6:
      return 'another program keeps it locked';
    case 8:
      return 'it, its directory or its file system is read-only';
    case 10:
      return `its disk fails (${messageOf(error)})`;
    case CORRUPT:
      return 'it is damaged';
    case 13:
      return 'no space left on the disk';
    case 14:
      return 'it cannot be opened (is its directory there, and may the daemon write to it?)';
    case NOT_A_DATABASE:
      return 'it is not a database';
    default:
      return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
