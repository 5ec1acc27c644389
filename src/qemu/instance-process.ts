/**
 * Whether a living process is the QEMU of an instance, or on its way to become it. pid, start time and boot name one
 * process for ever, but the file that holds them can have been restored from a backup or written by somebody else. So
 * the process itself is asked as well, in ways that a QEMU which hangs cannot keep from answering: its monitor, which
 * tells the uuid, is for commands; this is for signals.
 */
import { readFileSync, statSync } from 'node:fs';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { isAlive, readIfThere, readProcessFile } from './process-identity.ts';

/** What the launcher's units are called (`core/unit-name.ts`). */
const UNITS = '/solovirt-vm@';

/** True while this very process lives and belongs to the instance. */
export function isInstanceAlive(
  identity: ProcessIdentity,
  paths: Pick<InstancePaths, 'uid' | 'stderr'>,
): boolean {
  return isAlive(identity) && belongsTo(identity.pid, paths);
}

/**
 * The process of an instance: as its directory tells, or, where that names none that lives, as its record does. A
 * directory can be lost and the file in it be empty after a crash of the host.
 * @returns undefined when no process was ever recorded
 */
export function identityOf(
  paths: InstancePaths,
  recorded: ProcessIdentity | undefined,
): ProcessIdentity | undefined {
  const candidates = [readProcessFile(paths.process)?.identity, recorded].filter(
    (candidate) => candidate !== undefined,
  );
  return candidates.find((candidate) => isInstanceAlive(candidate, paths)) ?? candidates[0];
}

/** The command line comes last: alone of the three it can make its reader wait, for a process that hangs in the kernel. */
function belongsTo(pid: number, paths: Pick<InstancePaths, 'uid' | 'stderr'>): boolean {
  return writesTo(pid, paths.stderr) || runsInUnit(pid) || isNamed(pid, paths.uid);
}

/** Its stderr is the instance's log, whatever the log's directory is called by now. */
function writesTo(pid: number, log: string): boolean {
  try {
    const theirs = statSync(`/proc/${pid}/fd/2`);
    const ours = statSync(log);
    return theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    // No such file, or a process of another user.
    return false;
  }
}

function runsInUnit(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(UNITS);
  } catch {
    return false;
  }
}

/** The uid is in the command line of QEMU and of its parent. One that is being torn down has no command line left. */
function isNamed(pid: number, uid: string): boolean {
  const words = readIfThere(`/proc/${pid}/cmdline`);
  return words === '' || (words?.includes(uid) ?? false);
}
