/**
 * The `exit` file: QEMU's wait status, written by its parent (`parents` or the service manager) once QEMU is gone.
 */
import type { ExitStatus, ProcessIdentity } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { awaitInDirectory } from './await-file.ts';
import { currentBootId, isAlive, readIfThere, readProcessFile } from './process-identity.ts';

/** `exited 0` to `exited 255`, `signaled 1` to `signaled 64`; undefined for anything else. */
export function parseExitFile(text: string): ExitStatus | undefined {
  const [, kind, digits] = /^(exited|signaled) (\d{1,3})\n?$/.exec(text) ?? [];
  const value = Number(digits);
  if (kind === 'exited' && value <= 255) return { kind, code: value };
  if (kind === 'signaled' && value >= 1 && value <= 64) return { kind, signal: value };
  return undefined;
}

/** Undefined while there is none, or none that can be understood. */
export function readExitFile(paths: InstancePaths): ExitStatus | undefined {
  const text = readIfThere(paths.exit);
  return text === undefined ? undefined : parseExitFile(text);
}

/**
 * Waits for the wait status of a QEMU that is ending. Undefined after `timeoutMs` (1 s is plenty once QEMU is
 * gone), or as soon as QEMU is gone and so is the process that would have written it.
 */
export async function waitForExitFile(
  paths: InstancePaths,
  identity: ProcessIdentity,
  timeoutMs: number,
): Promise<ExitStatus | undefined> {
  const keeperPid = readProcessFile(paths.process)?.keeperPid;
  const found = await awaitInDirectory(
    paths.dir,
    (): ExitStatus | 'lost' | undefined => {
      // Asked before the file is read: the keeper writes first and goes then.
      const lost = !isAlive(identity) && isKeeperGone(identity, keeperPid, paths);
      return readExitFile(paths) ?? (lost ? 'lost' : undefined);
    },
    { timeoutMs },
  );
  return found === 'lost' ? undefined : found;
}

/** A service manager never goes while the host is up. */
function isKeeperGone(
  { bootId }: ProcessIdentity,
  keeperPid: number | undefined,
  paths: InstancePaths,
): boolean {
  if (bootId !== currentBootId()) return true;
  return keeperPid !== undefined && !isKeeper(keeperPid, paths);
}

/** The instance's uid is in nobody else's command line. A zombie has none. */
function isKeeper(pid: number, paths: InstancePaths): boolean {
  return readIfThere(`/proc/${pid}/cmdline`)?.includes(paths.uid) ?? false;
}
