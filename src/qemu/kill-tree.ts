/**
 * Signals to QEMU, never on a pid alone. The only importer of tree-kill.
 *
 * tree-kill asks `ps` for children and signals pids from that list; if `ps` cannot be started, it throws where
 * nobody can catch it. So it is called only when there are children (QEMU's sandbox forbids them) and `ps` is
 * there; and a tree that is to be killed is frozen first, so that neither new children nor new owners of an
 * old pid can come up meanwhile.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import treeKill from 'tree-kill';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import { errorCode } from '../core/thrown.ts';
import { isAlive } from './process-identity.ts';

const PS_PATHS = ['/usr/bin/ps', '/bin/ps'];

/** The process did not take a signal in time, or may not be signalled by us. */
export class KillError extends Error {
  override readonly name = 'KillError';
}

/**
 * Signals this very process. Returns false when it is gone already. Throws KillError when it may not be
 * signalled. Says nothing about the effect: a process in uninterruptible sleep takes its time.
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
    throw new KillError(`cannot send ${signal} to QEMU (pid ${identity.pid})`, { cause: error });
  }
}

/**
 * Signals this process and all its descendants, and the process itself in any case. Returns false when it is
 * gone already. Throws KillError, also when the descendants cannot be listed within `timeoutMs` (default 2000).
 */
export async function killTree(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  timeoutMs = 2000,
): Promise<boolean> {
  if (!isAlive(identity)) return false;
  if (!hasChildren(identity.pid) || !PS_PATHS.some(existsSync))
    return signalProcess(identity, signal);
  if (signal === 'SIGKILL') signalProcess(identity, 'SIGSTOP');
  try {
    await signalTree(identity.pid, signal, timeoutMs);
    return true;
  } catch (error) {
    signalProcess(identity, signal);
    throw new KillError(`cannot send ${signal} to all processes below QEMU (pid ${identity.pid})`, {
      cause: error,
    });
  }
}

function signalTree(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const deadline = setTimeout(
    () => reject(new Error(`the list of children did not come within ${timeoutMs} ms`)),
    timeoutMs,
  );
  treeKill(pid, signal, (error) => (error === undefined ? resolve() : reject(error)));
  return promise.finally(() => clearTimeout(deadline));
}

/** True also when it cannot be known (a kernel without CONFIG_PROC_CHILDREN). */
function hasChildren(pid: number): boolean {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.some((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8') !== '');
  } catch {
    return true;
  }
}
