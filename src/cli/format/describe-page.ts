/**
 * The page of `solovirt describe`. Pure: object in, text out. Sections that have nothing to say are left out.
 */
import type { VmObject } from '../../api/contract.ts';
import type { EventObject } from '../../api/contract-event.ts';
import type { Condition } from '../../api/contract-meta.ts';
import type { RunView } from '../../api/contract-runs.ts';
import { formatProblem } from '../../core/model/problem.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import { formatInstantAgo, formatUntil, parseTime } from './age.ts';
import { eventColumns } from './event-columns.ts';
import { evidenceSection } from './evidence-section.ts';
import { type Fact, renderFacts } from './facts.ts';
import { nextStep } from './next-step.ts';
import { type Display, PLAIN, statusStyle } from './paint.ts';
import { RECENT_RUN_COLUMNS } from './run-columns.ts';
import { type Column, indent, indented, renderTable } from './table.ts';
import { declaredStrategy, statusReason, strategyCell } from './vm-words.ts';

export interface Described {
  readonly vm: VmObject;
  /** The last run with evidence, when it failed. */
  readonly failure?: RunView;
  /** Of this VM, oldest first. */
  readonly events: readonly EventObject[];
}

/** First why it is as it is and what to do, then how it came to that, then the rest. */
export function describePage(
  { vm, failure, events }: Described,
  now: number,
  display: Display = PLAIN,
): string {
  const { status } = vm;
  const { paint } = display;
  const section = (title: string, body: string): string =>
    body === '' ? '' : `${paint('title', `${title}:`)}\n${indent(body)}`;
  const table = <T>(columns: readonly Column<T>[], rows: readonly T[]): string =>
    rows.length === 0 ? '' : renderTable(columns, rows, now, { display: indented(display) });
  const sections = [
    renderFacts(headFacts(vm, now), paint),
    section('Problems', problemLines(vm)),
    section('Stop in progress', renderFacts(stopFacts(vm, now))),
    section('Next start', renderFacts(backoffFacts(vm, now))),
    section('Instance', renderFacts(instanceFacts(vm, now))),
    section('Networks', renderFacts(networkFacts(vm))),
    section('Guest', renderFacts(guestFacts(vm, now))),
    section('Last runs', table(RECENT_RUN_COLUMNS, status.runHistory)),
    failure === undefined ? '' : section('Last failure', evidenceSection(failure, paint)),
    section('Conditions', table(CONDITION_COLUMNS, status.conditions)),
    section('Events', table(eventColumns({ wide: false, namespaces: false }), events)),
  ];
  return sections.filter((text) => text !== '').join('\n');
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
  const word = status.printableStatus;
  const todo = nextStep(vm);
  return [
    ['Name', metadata.name],
    ['Status', why === '' ? word : `${word} (${why})`, statusStyle(word)],
    ...(todo === undefined ? [] : [['Next step', todo] as const]),
    ['Namespace', metadata.namespace],
    ['Strategy', `${strategy}${written}${pending}`],
    ['File', status.file ?? '-'],
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

/** Of the interfaces on bridges, from the guest to the host. */
function networkFacts({ status }: VmObject): readonly Fact[] {
  return (status.instance?.networks ?? []).map(({ name, network, bridge, vlan, tap }) => [
    name,
    `${network}: bridge ${bridge}${vlan === undefined ? '' : `, VLAN ${vlan}`}${tap === undefined ? '' : `, tap ${tap}`}`,
  ]);
}

/** From its agent and from DHCP, and what a command did to it. */
function guestFacts({ status }: VmObject, now: number): readonly Fact[] {
  const { addresses = [], guest, frozen } = status.instance ?? {};
  const thawAt = parseTime(frozen?.thawAt);
  const thaws = thawAt === undefined ? 'until `solovirt unfreeze`' : formatUntil(thawAt, now);
  const silent = guest?.agent === 'silent' ? ', does not answer' : '';
  return [
    ...(guest === undefined && addresses.length === 0
      ? []
      : [['Addresses', addresses.join(', ') || '-'] as const]),
    ...(guest === undefined
      ? []
      : ([
          ['Host name', guest.hostName ?? '-'],
          ['System', guest.os ?? '-'],
          ['Agent', `${guest.agentVersion ?? 'of unknown version'}${silent}`],
        ] as const)),
    ...(frozen === undefined
      ? []
      : [['Frozen', `${formatInstantAgo(frozen.since, now)}; thaws ${thaws}`] as const]),
  ];
}

const RUNGS: Readonly<Record<string, string>> = {
  'agent-shutdown': 'the agent in the guest was asked to shut it down',
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
    ...(stop.agentAskedAt === undefined || rung === 'agent-shutdown'
      ? []
      : [
          [
            'Agent',
            `asked to shut the guest down, ${formatInstantAgo(stop.agentAskedAt, now)}`,
          ] as const,
        ]),
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
