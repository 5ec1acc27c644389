/**
 * The page of `solovirt describe`. Pure: object in, text out. Sections that have nothing to say are left out.
 */
import type { Condition, EventObject, RunView, VmObject } from '../../api/contract.ts';
import { formatProblem } from '../../core/model/problem.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import { formatInstantAgo, formatUntil, parseTime } from './age.ts';
import { eventColumns } from './event-columns.ts';
import { evidenceSection } from './evidence-section.ts';
import { type Fact, renderFacts } from './facts.ts';
import { type Column, indent, renderTable } from './table.ts';
import { ranFor, verdictWords } from './verdict-words.ts';
import { declaredStrategy, statusReason, strategyCell } from './vm-words.ts';

export interface Described {
  readonly vm: VmObject;
  /** The last run with evidence, when it failed. */
  readonly failure?: RunView;
  /** Of this VM, oldest first. */
  readonly events: readonly EventObject[];
}

export function describePage({ vm, failure, events }: Described, now: number): string {
  const { status } = vm;
  const sections = [
    renderFacts(headFacts(vm, now)),
    section('Instance', renderFacts(instanceFacts(vm, now))),
    section('Stop in progress', renderFacts(stopFacts(vm, now))),
    section('Next start', renderFacts(backoffFacts(vm, now))),
    section('Problems', problemLines(vm)),
    section('Conditions', table(CONDITION_COLUMNS, status.conditions, now)),
    section('Last runs', table(RUN_COLUMNS, status.runHistory, now)),
    failure === undefined ? '' : section('Last failure', evidenceSection(failure)),
    section('Events', table(eventColumns({ wide: false, namespaces: false }), events, now)),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

function section(title: string, body: string): string {
  return body === '' ? '' : `${title}:\n${indent(body)}`;
}

function table<T>(columns: readonly Column<T>[], rows: readonly T[], now: number): string {
  return rows.length === 0 ? '' : renderTable(columns, rows, now);
}

function headFacts(vm: VmObject, now: number): readonly Fact[] {
  const { metadata, status } = vm;
  const declared = declaredStrategy(vm);
  const inForce = status.runStrategy;
  const strategy = strategyCell(vm);
  const written = declared?.field === 'running' ? ` (running: ${declared.written})` : '';
  const pending =
    inForce !== undefined && inForce !== strategy ? ` (${inForce} was acted upon last)` : '';
  const why = statusReason(vm, now);
  return [
    ['Name', metadata.name],
    ['Namespace', metadata.namespace],
    ['File', status.file ?? '-'],
    ['Strategy', `${strategy}${written}${pending}`],
    ['Status', why === '' ? status.printableStatus : `${status.printableStatus} (${why})`],
    ['Known since', formatInstantAgo(metadata.creationTimestamp, now)],
    ...(metadata.deletionTimestamp === undefined
      ? []
      : [['Removed', formatInstantAgo(metadata.deletionTimestamp, now)] as const]),
  ];
}

function instanceFacts({ status }: VmObject, now: number): readonly Fact[] {
  const { instance } = status;
  if (instance === undefined) return [];
  return [
    ['UID', instance.uid],
    ['PID', `${instance.pid ?? '-'}`],
    ['Phase', instance.phase],
    ['Run state', instance.runState ?? '-'],
    ['Started', formatInstantAgo(instance.startedAt, now)],
    ['Running since', formatInstantAgo(instance.runningAt, now)],
    ['Guest resets', `${instance.resets}`],
  ];
}

const RUNGS: Readonly<Record<string, string>> = {
  powerdown: 'the guest was asked to shut down (ACPI power button)',
  quit: 'QEMU was told to quit',
  terminate: 'QEMU was sent SIGTERM',
  kill: 'QEMU was sent SIGKILL',
};

function stopFacts({ status }: VmObject, now: number): readonly Fact[] {
  const stop = status.instance?.stop;
  if (stop === undefined) return [];
  const { rung } = stop;
  const meaning = rung !== undefined && Object.hasOwn(RUNGS, rung) ? ` (${RUNGS[rung]})` : '';
  const deadline = parseTime(stop.deadline);
  const forced = deadline === undefined ? '-' : formatUntil(deadline, now);
  return [
    ['Asked for by', `${stop.initiator}, ${formatInstantAgo(stop.since, now)}`],
    ['Rung', rung === undefined ? 'none taken yet' : `${rung}${meaning}`],
    ['By force', `${forced} (grace period ${stop.gracePeriodSeconds} s)`],
  ];
}

function backoffFacts({ status }: VmObject, now: number): readonly Fact[] {
  const failure = status.startFailure;
  const at = parseTime(failure?.retryAfterTimestamp);
  if (failure === undefined || at === undefined || at <= now || status.instance !== undefined)
    return [];
  const times = failure.consecutiveFailCount;
  return [
    ['Next try', `${formatUntil(at, now)} (\`solovirt start\` tries at once)`],
    ['Because', `${times} unstable ${times === 1 ? 'end' : 'ends'} in a row`],
  ];
}

function problemLines({ status }: VmObject): string {
  const problems = status.problems ?? [];
  const lines = problems.map((problem) => {
    const warning = problem.severity === 'warning' ? ' (warning)' : '';
    return `${singleLine(formatProblem(status.file ?? '-', problem))}${warning}\n`;
  });
  const stale =
    problems.some(({ severity }) => severity === 'error') && status.printableStatus !== 'Invalid';
  return lines.join('') + (stale ? 'The last valid version of the file stays in force.\n' : '');
}

const CONDITION_COLUMNS: readonly Column<Condition>[] = [
  { title: 'TYPE', cell: ({ type }) => type },
  { title: 'STATUS', cell: ({ status }) => status },
  { title: 'REASON', cell: ({ reason }) => reason ?? '-' },
  { title: 'MESSAGE', cell: ({ message }) => message ?? '-' },
];

const RUN_COLUMNS: readonly Column<RunView>[] = [
  { title: 'ENDED', cell: (run, now) => formatInstantAgo(run.endedAt, now) },
  { title: 'RAN FOR', cell: ranFor },
  { title: 'OUTCOME', cell: ({ verdict }) => verdict.outcome },
  { title: 'REASON', cell: ({ verdict }) => verdict.reason },
  { title: 'BY', cell: ({ verdict }) => verdict.initiator },
  { title: 'MESSAGE', cell: ({ verdict }) => verdict.message || verdictWords(verdict) },
];
