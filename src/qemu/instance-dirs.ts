/**
 * The directories of one instance, and the files in them that QEMU writes. Synchronous on purpose: they lie beside the state
 * database, which is, too, and a dozen ways to a thread and back are a tenth of what a start costs.
 */
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { InstancePaths } from '../core/paths.ts';
import { errorCode } from '../core/thrown.ts';
import { DiskFullError, SpawnError } from './spawn-error.ts';

/** Who gets into a directory. */
export interface DirAccess {
  /** File mode, with the set-group-ID bit where files are to inherit the group. */
  readonly mode: number;
  /** Absent: the group of this process. */
  readonly gid?: number;
}

const OWNER_ONLY: DirAccess = { mode: 0o700 };

/**
 * Makes the evidence directory and a fresh one for the sockets: a QMP path in use would be stolen silently by the
 * second QEMU.
 * @throws DiskFullError, or SpawnError when the socket directory is in use
 */
export function prepareInstanceDirs(paths: InstancePaths, access: DirAccess = OWNER_ONLY): void {
  makeDir(paths.dir, access);
  makeDir(paths.runtimeDir, access);
  const [leftover] = readdirSync(paths.runtimeDir);
  if (leftover !== undefined)
    throw new SpawnError(
      `${paths.runtimeDir} is not empty (it holds ${leftover}): every instance needs socket paths of its own`,
    );
}

/**
 * QEMU writes into its files and is not to make any beside them.
 * @throws DiskFullError
 */
export function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o660));
  } catch (error) {
    throw isDiskFull(error) ? diskFull(dirname(path), error) : error;
  }
}

/** Makes a directory (its parents too), or takes one that is there. @throws DiskFullError */
export function makeDir(dir: string, { mode, gid }: DirAccess): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (gid !== undefined) chownSync(dir, -1, gid);
    // After the group: chown(2) clears set-ID bits.
    chmodSync(dir, mode);
  } catch (error) {
    throw isDiskFull(error) ? diskFull(dir, error) : error;
  }
}

function isDiskFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function diskFull(dir: string, cause: unknown): DiskFullError {
  return new DiskFullError(
    `no space left on the file system of ${dir}: an instance needs some there for the record of its end`,
    { cause },
  );
}
