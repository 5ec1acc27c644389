/**
 * A lock of the kernel on a file, taken through SQLite because Node has no call for it: it goes with the process,
 * however that ends. The file holds nothing.
 */
import { truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isDamage } from './state-errors.ts';

export interface FileLock {
  /** Gives the lock up; further calls do nothing. */
  release(): void;
}

/** Referenced until released: a database that is garbage collected closes, and its lock goes. */
const held = new Set<DatabaseSync>();

/** Takes the lock or fails at once. @throws SQLite's error, with the code `BUSY` when somebody else has it */
export function acquireFileLock(path: string): FileLock {
  const database = lock(path);
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

function lock(path: string): DatabaseSync {
  try {
    return lockOnce(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    // Nobody holds it, or it would have been busy. Emptied rather than removed: two processes starting at once
    // must meet at the same file.
    truncateSync(path);
    return lockOnce(path);
  }
}

function lockOnce(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // The journal that nothing is ever written to needs no room on the disk.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
