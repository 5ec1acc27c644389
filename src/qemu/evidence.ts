/**
 * Everything that is known about an instance, from its evidence directory and /proc alone: the same facts
 * whether a daemon watched or not. Facts, no judgement. Changes nothing.
 */
import type { Evidence, ExitStatus, ProcessIdentity } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { escapeControls, stripTerminalCodes } from '../core/plain-text.ts';
import { readExitFile } from './exit-file.ts';
import { identityOf, isInstanceAlive } from './instance-process.ts';
import { readIntents } from './intent.ts';
import { readJournal } from './journal.ts';
import { findLockHolder } from './lock-holder.ts';
import { findOomProof, readOomBaseline } from './oom.ts';
import { currentBootId, readIfThere } from './process-identity.ts';
import { readTail, type TailLimits } from './tail.ts';

export interface EvidenceOptions {
  /** The process as the record knows it, should the directory have lost it. */
  readonly recorded?: ProcessIdentity;
  /** Where the kernel log is read. Default `/dev/kmsg`. */
  readonly kernelLog?: string;
}

const STDERR_TAIL: TailLimits = { maxLines: 20, maxBytes: 4096 };
/** Long enough for a kernel panic: the line that names its cause comes before the registers and the call trace. */
const CONSOLE_TAIL: TailLimits = { maxLines: 100, maxBytes: 8192 };
/** Escape sequences make up much of a console; what is left of so much fills the tail. */
const RAW_CONSOLE_TAIL: TailLimits = { maxLines: 1000, maxBytes: 4 * CONSOLE_TAIL.maxBytes };
const SIGKILL = 9;

/**
 * A missing file is a missing fact, never an error. When QEMU has just ended, `waitForExitFile` comes first, for its
 * wait status appears a moment later than its end.
 */
export async function collectEvidence(
  paths: InstancePaths,
  options: EvidenceOptions = {},
): Promise<Evidence> {
  const identity = identityOf(paths, options.recorded);
  // Asked first: an end during the reading below must not leave us with half of its traces.
  const alive = identity !== undefined && isInstanceAlive(identity, paths);
  const sameBoot = identity === undefined ? undefined : identity.bootId === currentBootId();
  const exit = readExitFile(paths);
  const mayBeOom = identity !== undefined && !alive && sameBoot === true && isKillOrUnknown(exit);
  const baseline = readOomBaseline(paths);
  const told = readIfThere(`${paths.dir}/oom`)?.trim();
  const proof =
    told ??
    (mayBeOom
      ? findOomProof(identity, { ...options, ...(baseline === undefined ? {} : { baseline }) })
      : undefined);
  const [oomProof, stderr, console] = await Promise.all([
    proof,
    stderrTail(paths),
    consoleTail(paths),
  ]);
  const diskHolder = alive ? undefined : findLockHolder(stderr);
  return {
    alive,
    ...(sameBoot === undefined ? {} : { sameBoot }),
    ...(exit === undefined ? {} : { exit }),
    events: readJournal(paths.events),
    intents: readIntents(paths),
    ...(oomProof === undefined ? {} : { oomProof }),
    ...(diskHolder === undefined ? {} : { diskHolder }),
    stderrTail: stderr,
    consoleTail: console,
  };
}

function isKillOrUnknown(exit: ExitStatus | undefined): boolean {
  return exit === undefined || (exit.kind === 'signaled' && exit.signal === SIGKILL);
}

async function stderrTail(paths: InstancePaths): Promise<string> {
  return lastLines(escapeControls(await readTail(paths.stderr, STDERR_TAIL)), STDERR_TAIL);
}

async function consoleTail(paths: InstancePaths): Promise<string> {
  const raw = await readTail(paths.console, RAW_CONSOLE_TAIL);
  return lastLines(stripTerminalCodes(raw), CONSOLE_TAIL);
}

/** Trimmed, and within the limits once more: cleaning changes lengths and line ends. */
function lastLines(text: string, { maxLines, maxBytes }: TailLimits): string {
  const lines = text.trim().split('\n').slice(-maxLines).join('\n');
  return lines.length <= maxBytes ? lines : lines.slice(-maxBytes);
}
