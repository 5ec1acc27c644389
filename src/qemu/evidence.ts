/**
 * Everything that is known about an instance, from its evidence directory and /proc alone: the same facts
 * whether a daemon watched or not. Facts, no judgement. Changes nothing.
 */
import type { Evidence, ExitStatus } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { readExitFile } from './exit-file.ts';
import { readIntents } from './intent.ts';
import { readJournal } from './journal.ts';
import { findOomProof, readOomBaseline } from './oom.ts';
import { escapeControls, stripTerminalCodes } from './plain-text.ts';
import { currentBootId, isAlive, readProcessFile } from './process-identity.ts';
import { readTail } from './tail.ts';

export interface EvidenceOptions {
  /** Where the kernel log is read. Default `/dev/kmsg`. */
  readonly kernelLog?: string;
}

const TAIL_LINES = 20;
const TAIL_BYTES = 4096;
/** Escape sequences make up much of a console; what is left of so much fills the tail. */
const RAW_CONSOLE_BYTES = 4 * TAIL_BYTES;
const SIGKILL = 9;

/**
 * A missing file is a missing fact, never an error. When QEMU has just ended, `waitForExitFile` comes first, for its
 * wait status appears a moment later than its end.
 */
export async function collectEvidence(
  paths: InstancePaths,
  options: EvidenceOptions = {},
): Promise<Evidence> {
  const identity = readProcessFile(paths.process)?.identity;
  // Asked first: an end during the reading below must not leave us with half of its traces.
  const alive = identity !== undefined && isAlive(identity);
  const sameBoot = identity === undefined ? undefined : identity.bootId === currentBootId();
  const exit = readExitFile(paths);
  const mayBeOom = identity !== undefined && !alive && sameBoot === true && isKillOrUnknown(exit);
  const baseline = readOomBaseline(paths);
  const oomProof = mayBeOom
    ? await findOomProof(identity, { ...options, ...(baseline === undefined ? {} : { baseline }) })
    : undefined;
  return {
    alive,
    ...(sameBoot === undefined ? {} : { sameBoot }),
    ...(exit === undefined ? {} : { exit }),
    events: readJournal(paths.events),
    intents: readIntents(paths),
    ...(oomProof === undefined ? {} : { oomProof }),
    stderrTail: await stderrTail(paths),
    consoleTail: await consoleTail(paths),
  };
}

function isKillOrUnknown(exit: ExitStatus | undefined): boolean {
  return exit === undefined || (exit.kind === 'signaled' && exit.signal === SIGKILL);
}

async function stderrTail(paths: InstancePaths): Promise<string> {
  const text = await readTail(paths.stderr, { maxLines: TAIL_LINES, maxBytes: TAIL_BYTES });
  return lastLines(escapeControls(text));
}

async function consoleTail(paths: InstancePaths): Promise<string> {
  const raw = await readTail(paths.console, { maxLines: 1000, maxBytes: RAW_CONSOLE_BYTES });
  return lastLines(stripTerminalCodes(raw));
}

/** Trimmed, and within the limits once more: cleaning changes lengths and line ends. */
function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-TAIL_LINES).join('\n');
  return lines.length <= TAIL_BYTES ? lines : lines.slice(-TAIL_BYTES);
}
