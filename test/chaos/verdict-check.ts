/** Whether a verdict is what was done to the instance, and what its evidence says. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './api.ts';
import { readConsole } from './console.ts';
import { judge, readEvidence } from './judge.ts';
import type { Stage } from './stage.ts';
import { Violation } from './story.ts';

/** Clocks of files and of processes differ by a tick of the kernel. */
export const SLACK_MS = 20;

/** @throws Violation */
export function checkVerdict(stage: Stage, vm: string, run: Run): void {
  const { book, daemon } = stage;
  const { reason, outcome } = run.verdict;
  const from = Date.parse(run.startedAt) - SLACK_MS;
  const to = Date.parse(run.endedAt) + SLACK_MS;
  const reasons = book.reasons(vm, run.uid, from, to, daemon.deaths);
  const expected = [...reasons].join(' or ') || 'no end at all';
  if (!reasons.has(reason) || SUCCEEDED.has(reason) !== (outcome === 'Succeeded'))
    throw wrong('every verdict is what was done', vm, run, expected);
  checkTraces(stage, vm, run, book.boots(vm, run.uid, from, to));
}

/** What the instance has left behind must tell the same. */
function checkTraces({ book, place, story }: Stage, vm: string, run: Run, allowed: number): void {
  const { member, file, facts } = book.page(vm);
  // The files of a removed VM go with it, one by one.
  if (file.text === undefined || facts.some(({ kind }) => kind === 'removal')) return;
  const dir = place.instance(run.uid);
  if (!existsSync(dir)) return;
  const { boots } = readConsole(join(dir, 'console.log'));
  if (boots.length > allowed && (member.guest === 'witness' || member.guest === 'linux'))
    throw new Violation(
      'a guest boots only when it is made to',
      `instance ${run.uid} booted ${boots.length} times (${boots.join(' ')}), expected ${allowed} at most`,
      vm,
    );
  const evidence = readEvidence(dir);
  const own = judge(evidence);
  if (own === run.verdict.reason) return;
  story.tell('evidence', { vm, uid: run.uid, ...evidence });
  throw wrong('every verdict is what the evidence says', vm, run, own);
}

function wrong(invariant: string, vm: string, { uid, verdict }: Run, expected: string): Violation {
  const { reason, message } = verdict;
  return new Violation(
    invariant,
    `instance ${uid} was judged ${reason} (${message}), expected: ${expected}`,
    vm,
  );
}

const SUCCEEDED: ReadonlySet<string> = new Set([
  'GuestShutdown',
  'StoppedByCommand',
  'StoppedByFile',
  'GuestReboot',
  'ForcedOff',
]);

const VERDICTS: ReadonlySet<string> = new Set([
  ...SUCCEEDED,
  'GuestPanicked',
  'WatchdogExpired',
  'GracePeriodExpired',
  'TerminatedFromOutside',
  'KilledFromOutside',
  'QemuCrashed',
  'QemuExited',
  'LaunchFailed',
  'HostLost',
  'OutOfMemory',
  'Unknown',
]);

export function isVerdict(reason: string): boolean {
  return VERDICTS.has(reason);
}
