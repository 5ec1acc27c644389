/**
 * Starts one QEMU under the shim (`shim.sh`), which outlives the daemon and writes the files.
 *
 * - Resolves as soon as QEMU has an identity, just before it is executed; how the launch goes on shows in the
 *   `exit` file and on the QMP socket.
 * - On a rejection nothing is left running.
 * - Neither shim nor QEMU holds a descriptor, the session, the environment or the event loop of the daemon.
 */
import { existsSync } from 'node:fs';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { awaitInDirectory } from './await-file.ts';
import { type Detached, startDetached } from './detached.ts';
import { recordOomBaseline } from './oom.ts';
import { readProcessFile } from './process-identity.ts';
import { programFile } from './program-files.ts';
import { SpawnError } from './spawn-error.ts';
import { readTail } from './tail.ts';

export interface SpawnOptions {
  readonly paths: InstancePaths;
  /** Absolute, as are all paths in `args`: QEMU runs in `/`. */
  readonly qemuPath: string;
  readonly args: readonly string[];
  /** Gives up waiting and kills what was started. */
  readonly signal?: AbortSignal;
  /** How long the shim may take to get as far as executing QEMU. Default 10000. */
  readonly timeoutMs?: number;
  /** Where `shim.sh` is, when it does not lie beside this file. */
  readonly shimPath?: string;
}

/** All that QEMU gets to see of an environment: English messages, nothing of systemd's or the user's. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/** Throws SpawnError, or the signal's reason. */
export async function spawnQemu(options: SpawnOptions): Promise<ProcessIdentity> {
  const { paths, signal, timeoutMs = 10_000 } = options;
  signal?.throwIfAborted();
  const shimPath = options.shimPath ?? programFile('shim.sh');
  refuseBadStart(paths, shimPath);
  const shim = startShim(shimPath, options);
  try {
    const identity = await awaitIdentity(shim, paths, timeoutMs, signal);
    await recordOomBaseline(paths, identity.pid);
    return identity;
  } catch (error) {
    killGroup(shim);
    throw error;
  }
}

/** A missing script or a used directory would only show as a silence later. */
function refuseBadStart(paths: InstancePaths, shimPath: string): void {
  if (!existsSync(shimPath)) throw new SpawnError(`QEMU's parent script ${shimPath} is missing`);
  if (!existsSync(paths.dir))
    throw new SpawnError(`the instance directory ${paths.dir} is missing`);
  for (const file of [paths.process, paths.exit])
    if (existsSync(file))
      throw new SpawnError(`${file} is there already: an instance directory serves one launch`);
}

function startShim(shimPath: string, options: SpawnOptions): Detached {
  const args = [shimPath, options.paths.dir, options.qemuPath, ...options.args];
  // Node would throw, execa or not; QEMU cannot be handed one in any way (execve(2)).
  if (args.some((arg) => arg.includes('\0')))
    throw new SpawnError('QEMU was not started: an argument holds a NUL character');
  return startDetached('/bin/sh', args, ENVIRONMENT);
}

async function awaitIdentity(
  shim: Detached,
  paths: InstancePaths,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ProcessIdentity> {
  const look = (): ProcessIdentity | { readonly failure: string } | undefined => {
    // Asked before the file is read: a QEMU that ended at once has left its identity all the same.
    const failure = shim.ended;
    return (
      readProcessFile(paths.process)?.identity ?? (failure === undefined ? failure : { failure })
    );
  };
  const found = await awaitInDirectory(paths.dir, look, {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  if (found !== undefined && 'pid' in found) return found;
  const words = await readTail(paths.stderr, { maxLines: 5, maxBytes: 1024 });
  const cause =
    found === undefined
      ? `it was not ready within ${timeoutMs} ms`
      : `its parent script failed: ${found.failure}`;
  throw new SpawnError(`QEMU was not started: ${cause}${words === '' ? '' : `\n${words}`}`);
}

/** Detached and QEMU share a process group; its number stays taken while either exists. */
function killGroup(shim: Detached): void {
  if (shim.pid === undefined || shim.ended !== undefined) return;
  try {
    process.kill(-shim.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
