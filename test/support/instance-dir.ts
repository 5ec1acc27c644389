/**
 * A fresh pair of directories for one instance under /tmp (socket paths must stay short), removed at the end of
 * the test with whatever still runs in it.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { prepareInstanceDirs } from '../../src/qemu/instance-dirs.ts';
import { isAlive, readProcessFile } from '../../src/qemu/process-identity.ts';

export interface InstanceDir extends AsyncDisposable {
  readonly root: string;
  readonly paths: InstancePaths;
}

export async function instanceDir(): Promise<InstanceDir> {
  const root = await mkdtemp('/tmp/solovirt-');
  const paths = instancePaths(`${root}/state`, `${root}/run`, randomUUID());
  prepareInstanceDirs(paths);
  return {
    root,
    paths,
    async [Symbol.asyncDispose]() {
      const identity = readProcessFile(paths.process)?.identity;
      if (identity !== undefined && isAlive(identity)) process.kill(identity.pid, 'SIGKILL');
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
