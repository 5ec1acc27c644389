/**
 * Drops an instance whose launch an earlier daemon did not finish. Its shim may still be on its way: the directory
 * is moved aside, so that a shim which has not said who it is yet finds nothing to run in, and one which has is
 * killed. No guest code is lost: QEMU waits for `cont` before it runs any.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { InstancePaths } from '../core/paths.ts';
import { awaitInDirectory } from './await-file.ts';
import { killTree } from './kill-tree.ts';
import { readProcessFile } from './process-identity.ts';

/** From opening `process` to writing its one line is a moment. */
const WRITTEN_WITHIN_MS = 1000;

export async function discardInstance(paths: InstancePaths): Promise<void> {
  const aside = `${paths.dir}.discarded`;
  await rename(paths.dir, aside).catch((error: NodeJS.ErrnoException) => {
    // Not made yet, or moved already by a daemon that was killed here.
    if (error.code !== 'ENOENT') throw error;
  });
  const file = `${aside}/process`;
  if (existsSync(file)) {
    const found = await awaitInDirectory(aside, () => readProcessFile(file), {
      timeoutMs: WRITTEN_WITHIN_MS,
    });
    if (found !== undefined) await killTree(found.identity, 'SIGKILL');
  }
  await rm(aside, { recursive: true, force: true });
  await rm(paths.runtimeDir, { recursive: true, force: true });
}
