/**
 * Drops an instance whose launch an earlier daemon did not finish. Its parent may still be on its way: the directory
 * is moved aside, so that a parent which has not said who it is yet finds nothing to run in, and one which has is
 * killed, unless its pid has come to name a stranger. No guest code is lost: QEMU waits for `cont` before it runs any.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { awaitInDirectory } from './await-file.ts';
import { isInstanceAlive } from './instance-process.ts';
import { readProcessFile } from './process-identity.ts';

/** From opening `process` to writing its one line is a moment. */
const WRITTEN_WITHIN_MS = 1000;

/** What a directory is called that was moved aside. */
export const DISCARDED = '.discarded';

type Kill = (identity: ProcessIdentity) => Promise<unknown>;

export async function discardInstance(paths: InstancePaths, kill: Kill): Promise<void> {
  await rename(paths.dir, paths.dir + DISCARDED).catch((error: NodeJS.ErrnoException) => {
    // Not made yet, or moved already by a daemon that was killed here.
    if (error.code !== 'ENOENT') throw error;
  });
  await dropDiscarded(paths, kill);
  await rm(paths.runtimeDir, { recursive: true, force: true });
}

/** Removes the directory that was moved aside, if there is one, and ends what was launched into it after all. */
export async function dropDiscarded(paths: InstancePaths, kill: Kill): Promise<void> {
  const aside = discardedPaths(paths);
  if (existsSync(aside.process)) {
    const found = await awaitInDirectory(aside.dir, () => readProcessFile(aside.process), {
      timeoutMs: WRITTEN_WITHIN_MS,
    });
    if (found !== undefined && isInstanceAlive(found.identity, aside)) await kill(found.identity);
  }
  await rm(aside.dir, { recursive: true, force: true });
}

/** The files that are looked at in a directory that was moved aside. */
export function discardedPaths(
  paths: InstancePaths,
): Pick<InstancePaths, 'uid' | 'dir' | 'process' | 'stderr' | 'description'> {
  const dir = paths.dir + DISCARDED;
  const moved = (path: string): string => `${dir}/${basename(path)}`;
  const { uid } = paths;
  return {
    uid,
    dir,
    process: moved(paths.process),
    stderr: moved(paths.stderr),
    description: moved(paths.description),
  };
}
