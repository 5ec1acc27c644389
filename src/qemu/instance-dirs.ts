/**
 * The directories of one instance, and the files in them that QEMU writes.
 */
import { chmod, chown, mkdir, open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { InstancePaths } from '../core/paths.ts';
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
export async function prepareInstanceDirs(
  paths: InstancePaths,
  access: DirAccess = OWNER_ONLY,
): Promise<void> {
  await makeDir(paths.dir, access);
  await makeDir(paths.runtimeDir, access);
  const [leftover] = await readdir(paths.runtimeDir);
  if (leftover !== undefined)
    throw new SpawnError(
      `${paths.runtimeDir} is not empty (it holds ${leftover}): every instance needs socket paths of its own`,
    );
}

/**
 * QEMU writes into its files and is not to make any beside them.
 * @throws DiskFullError
 */
export async function makeFile(path: string): Promise<void> {
  try {
    await using _file = await open(path, 'a', 0o660);
  } catch (error) {
    throw isDiskFull(error) ? diskFull(dirname(path), error) : error;
  }
}

/** Makes a directory (its parents too), or takes one that is there. @throws DiskFullError */
export async function makeDir(dir: string, { mode, gid }: DirAccess): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if (gid !== undefined) await chown(dir, -1, gid);
    // After the group: chown(2) clears set-ID bits.
    await chmod(dir, mode);
  } catch (error) {
    throw isDiskFull(error) ? diskFull(dir, error) : error;
  }
}

function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function diskFull(dir: string, cause: unknown): DiskFullError {
  return new DiskFullError(
    `no space left on the file system of ${dir}: an instance needs some there for the record of its end`,
    { cause },
  );
}
