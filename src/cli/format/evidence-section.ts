/**
 * What is on record of a run: in brief for the last section of `solovirt describe`, in full for
 * `solovirt runs --evidence`. Pure.
 */
import type { EvidenceView, RunView } from '../../api/contract-runs.ts';
import type { ExitStatus, Intent, QmpEvent } from '../../core/model/evidence.ts';
import { plainText, singleLine } from '../../core/terminal-filter.ts';
import { signalName } from '../../core/verdict/signals.ts';
import { formatInstant, formatInstantAgo } from './age.ts';
import { type Fact, renderFacts } from './facts.ts';
import { outcomeStyle, type Paint, PLAIN } from './paint.ts';
import { indent } from './table.ts';
import { ranFor } from './verdict-words.ts';

/** Lines of a log's end that are shown. */
const TAIL_LINES = 20;

export function evidenceSection(run: RunView, paint: Paint = PLAIN.paint): string {
  const { evidence, verdict } = run;
  const facts: Fact[] = [
    ['Run', run.uid],
    ['Verdict', `${verdict.reason}: ${verdict.message}`, outcomeStyle(verdict)],
    ...(evidence === undefined ? [] : evidenceFacts(evidence)),
  ];
  const tails =
    evidence === undefined
      ? ''
      : tail('What QEMU said', evidence.stderrTail) + tail('Console', evidence.consoleTail);
  return renderFacts(facts, paint) + tails;
}

/** All that is on record, with nothing left out. */
export function evidencePage(run: RunView, now: number, paint: Paint): string {
  const { evidence, verdict } = run;
  const facts: Fact[] = [
    ['Run', run.uid],
    ['Started', formatInstant(run.startedAt)],
    ['Running', formatInstant(run.runningAt)],
    ['Ended', formatInstantAgo(run.endedAt, now)],
    ['Ran for', ranFor(run)],
    ['Outcome', `${verdict.outcome} (by: ${verdict.initiator})`, outcomeStyle(verdict)],
    ['Verdict', `${verdict.reason}: ${verdict.message}`, outcomeStyle(verdict)],
  ];
  if (evidence === undefined) return renderFacts(facts, paint);
  const { exit, oomProof, diskHolder } = evidence;
  facts.push(['Exit', exitWords(exit)]);
  if (oomProof !== undefined) facts.push(['OOM killer', oomProof]);
  if (diskHolder !== undefined) facts.push(['Disk holder', diskHolder]);
  return [
    renderFacts(facts, paint),
    list('QEMU events', evidence.events.map(eventWords)),
    list('What solovirt did', evidence.intents.map(intentWords)),
    tail('What QEMU said', evidence.stderrTail, Infinity),
    tail('Console', evidence.consoleTail, Infinity),
  ].join('');
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0
    ? ''
    : `${title}:\n${indent(lines.map((line) => `${singleLine(line)}\n`).join(''))}`;
}

function intentWords({ action, initiator, gracePeriodSeconds, at }: Intent): string {
  const time = formatInstant(new Date(at).toISOString());
  return `${action} (${initiator}, grace period ${gracePeriodSeconds} s) at ${time}`;
}

function evidenceFacts({ exit, events, intents, oomProof }: EvidenceView): Fact[] {
  const asked = intents.map(({ action, initiator }) => `${action} (${initiator})`);
  return [
    ['Exit', exitWords(exit)],
    ...events.filter(isTelling).map((event): Fact => ['QEMU event', eventWords(event)]),
    ...(asked.length === 0 ? [] : [['We did', asked.join(', ')] satisfies Fact]),
    ...(oomProof === undefined ? [] : [['OOM killer', oomProof] satisfies Fact]),
  ];
}

export function exitWords(exit: ExitStatus | undefined): string {
  if (exit === undefined) return 'not known';
  switch (exit.kind) {
    case 'exited':
      return `code ${exit.code}`;
    case 'signaled':
      return `killed by ${signalName(exit.signal)}`;
  }
}

/** QMP events that speak of an end (QEMU `qapi/run-state.json`). */
const TELLING: readonly string[] = ['SHUTDOWN', 'GUEST_PANICKED', 'WATCHDOG', 'BLOCK_IO_ERROR'];

function isTelling({ event }: QmpEvent): boolean {
  return TELLING.includes(event);
}

function eventWords({ event, data, at }: QmpEvent): string {
  const details = Object.entries(data)
    .filter(([, value]) => typeof value !== 'object')
    .map(([key, value]) => `${key}=${value}`);
  return [event, ...details, `at ${formatInstant(new Date(at).toISOString())}`].join(' ');
}

function tail(title: string, text: string, most = TAIL_LINES): string {
  const lines = plainText(text)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-most);
  return lines.length === 0 ? '' : `${title}:\n${indent(`${lines.join('\n')}\n`)}`;
}
