/**
 * Never two daemons on one state directory. The lock is a lock of the kernel on `STATE/lock.db`, taken through
 * SQLite because Node has no call for it: it goes with the process, however that ends. `STATE/lock.pid` only
 * names the holder for others.
 */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from './make-directory.ts';
import { BUSY, isDamage, plainWords, sqliteCode } from './state-errors.ts';

/** Another daemon serves this state directory. */
export class DaemonRunningError extends Error {
  override readonly name = 'DaemonRunningError';
  /** Unknown when the other one is just starting. */
  readonly pid: number | undefined;

  constructor(message: string, options: ErrorOptions & { pid: number | undefined }) {
    super(message, options);
    this.pid = options.pid;
  }
}

/** The lock cannot be taken for a reason of the host, such as a read-only or full disk. */
export class DaemonLockError extends Error {
  override readonly name = 'DaemonLockError';
}

export interface DaemonLock {
  /** Gives the lock up; further calls do nothing. */
  release(): void;
}

/** Referenced until released: a database that is garbage collected closes, and its lock goes. */
const held = new Set<DatabaseSync>();

/**
 * Takes the lock or fails at once.
 * @throws DaemonRunningError
 * @throws DaemonLockError
 */
export function acquireDaemonLock(stateDir: string): DaemonLock {
  const pidFile = `${stateDir}/lock.pid`;
  let database: DatabaseSync;
  try {
    makeDirectory(stateDir, 0o700);
    database = lock(`${stateDir}/lock.db`);
  } catch (error) {
    if (sqliteCode(error) === BUSY) {
      const pid = readPid(pidFile);
      const who = pid === undefined ? 'another daemon' : `another daemon (pid ${pid})`;
      throw new DaemonRunningError(
        `${who} is running on state directory ${stateDir}; stop it, or use another --state`,
        { cause: error, pid },
      );
    }
    throw new DaemonLockError(`${stateDir}/lock.db cannot be locked: ${plainWords(error)}`, {
      cause: error,
    });
  }
  held.add(database);
  writePid(pidFile);
  return {
    release: () => {
      if (!held.delete(database)) return;
      removeQuietly(pidFile);
      database.close();
    },
  };
}

function lock(path: string): DatabaseSync {
  try {
    return lockOnce(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    // Nobody holds it, or it would have been busy. Emptied rather than removed: two daemons starting at once
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

/** A courtesy to whoever is refused: a full disk must not keep the daemon from its guests. */
function writePid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    removeQuietly(path);
  }
}

/** A read-only disk keeps it. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Then it names a daemon that is gone; only the lock says that one runs.
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
