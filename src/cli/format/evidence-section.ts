/**
 * What is on record of a failed run: the last section of `solovirt describe`. Pure.
 */
import type { EvidenceView, RunView } from '../../api/contract.ts';
import type { ExitStatus, QmpEvent } from '../../core/model/evidence.ts';
import { plainText } from '../../core/terminal-filter.ts';
import { signalName } from '../../core/verdict/signals.ts';
import { formatInstant } from './age.ts';
import { type Fact, renderFacts } from './facts.ts';
import { indent } from './table.ts';

/** Lines of a log's end that are shown. */
const TAIL_LINES = 20;

export function evidenceSection(run: RunView): string {
  const { evidence, verdict } = run;
  const facts: Fact[] = [
    ['Run', run.uid],
    ['Verdict', `${verdict.reason}: ${verdict.message}`],
    ...(evidence === undefined ? [] : evidenceFacts(evidence)),
  ];
  const tails =
    evidence === undefined
      ? ''
      : tail('What QEMU said', evidence.stderrTail) + tail('Console', evidence.consoleTail);
  return renderFacts(facts) + tails;
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

function tail(title: string, text: string): string {
  const lines = plainText(text)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-TAIL_LINES);
  return lines.length === 0 ? '' : `${title}:\n${indent(`${lines.join('\n')}\n`)}`;
}
