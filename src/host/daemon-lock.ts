/**
 * Never two daemons on one state directory: whoever serves it holds a lock on `STATE/lock.db`. `STATE/lock.pid` only
 * names the holder for others.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { acquireFileLock, type FileLock } from './file-lock.ts';
import { makeDirectory } from './make-directory.ts';
import { BUSY, plainWords, sqliteCode } from './state-errors.ts';

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

/**
 * Takes the lock or fails at once.
 * @throws DaemonRunningError
 * @throws DaemonLockError
 */
export function acquireDaemonLock(stateDir: string): DaemonLock {
  const pidFile = `${stateDir}/lock.pid`;
  let lock: FileLock;
  try {
    makeDirectory(stateDir, 0o700);
    lock = acquireFileLock(`${stateDir}/lock.db`);
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
  writePid(pidFile);
  let isReleased = false;
  return {
    release: () => {
      if (isReleased) return;
      isReleased = true;
      removeQuietly(pidFile);
      lock.release();
    },
  };
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
