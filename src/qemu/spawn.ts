/**
 * Starts one QEMU under a parent of its own (`parents`), which outlives the daemon and writes the files.
 *
 * - Resolves as soon as QEMU has an identity, just before it is executed; how the launch goes on shows in the
 *   `exit` file and on the QMP socket.
 * - On a rejection nothing is left running.
 * - Neither parent nor QEMU holds a descriptor, the session, the environment or the event loop of the daemon.
 */
import { existsSync } from 'node:fs';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { errorCode, errorMessage } from '../core/thrown.ts';
import { recordOomBaseline } from './oom.ts';
import { Parents } from './parents.ts';
import { isAlive, readIdentity, readProcessFile } from './process-identity.ts';
import { SpawnError } from './spawn-error.ts';
import { readTail } from './tail.ts';

export interface SpawnOptions {
  readonly paths: InstancePaths;
  /** Absolute, as are all paths in `args`: QEMU runs in `/`. */
  readonly qemuPath: string;
  readonly args: readonly string[];
  /** Gives up waiting and kills what was started. */
  readonly signal?: AbortSignal;
  /** How long the parent may take to get as far as executing QEMU. Default 10000. */
  readonly timeoutMs?: number;
  /** Whoever forks the parents, when it is not the one of this process. */
  readonly parents?: Parents;
}

const PARENTS = new Parents();

/** Throws SpawnError, or the signal's reason. */
export async function spawnQemu(options: SpawnOptions): Promise<ProcessIdentity> {
  const { paths, signal, timeoutMs = 10_000 } = options;
  signal?.throwIfAborted();
  const command = [options.qemuPath, ...options.args];
  refuseBadStart(paths, command);
  // Keeps this process until it is known what became of the launch.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  let parent: ProcessIdentity | undefined;
  try {
    await (options.parents ?? PARENTS).start({
      paths,
      command,
      onParent: (pid) => {
        parent = readIdentity(pid);
      },
      signal: AbortSignal.any([deadline.signal, ...(signal === undefined ? [] : [signal])]),
    });
    const identity = readProcessFile(paths.process)?.identity;
    if (identity === undefined) throw new Error(`${paths.process} is gone`);
    await recordOomBaseline(paths, identity.pid);
    return identity;
  } catch (error) {
    killGroup(parent);
    signal?.throwIfAborted();
    const cause = deadline.signal.aborted
      ? `it was not ready within ${timeoutMs} ms`
      : `its parent failed: ${errorMessage(error)}`;
    const words = await readTail(paths.stderr, { maxLines: 5, maxBytes: 1024 });
    throw new SpawnError(`QEMU was not started: ${cause}${words === '' ? '' : `\n${words}`}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** A used directory would only show as a silence later. */
function refuseBadStart(paths: InstancePaths, command: readonly string[]): void {
  if (!existsSync(paths.dir))
    throw new SpawnError(`the instance directory ${paths.dir} is missing`);
  for (const file of [paths.process, paths.exit])
    if (existsSync(file))
      throw new SpawnError(`${file} is there already: an instance directory serves one launch`);
  // It could not be handed one in any way (execve(2)).
  if (command.some((word) => word.includes('\0')))
    throw new SpawnError('QEMU was not started: an argument holds a NUL character');
}

/** Parent and QEMU share a process group; its number stays taken while either exists. */
function killGroup(parent: ProcessIdentity | undefined): void {
  if (parent === undefined || !isAlive(parent)) return;
  try {
    process.kill(-parent.pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
