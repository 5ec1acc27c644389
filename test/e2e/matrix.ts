/**
 * Run strategies against everything that can happen to a VM: the rows, and how each is played on a real daemon.
 * Read by the tests, and by the program that writes docs/transcripts.md.
 */
import type { VmObject } from '../../src/api/contract.ts';
import { RUN_STRATEGIES, type RunStrategy } from '../../src/core/model/virtual-machine.ts';
import type { Answer, World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE, type TinyVm } from './manifests.ts';
import { type Verb, Vm } from './vm-handle.ts';

export type Event =
  | 'guest powers off'
  | 'guest panics'
  | 'QEMU killed'
  | 'stop'
  | 'start'
  | 'restart'
  | { readonly edit: RunStrategy };

export interface Outcome {
  /** What the file says in the end; every other byte is as it was. */
  readonly file: RunStrategy;
  /** same: the instance from before; new: another one; none. */
  readonly runs: 'same' | 'new' | 'none';
  readonly status: string;
  /** Verdicts of the ended runs, newest first. */
  readonly ended: readonly string[];
  /** Code and message of the command's answer. */
  readonly answer?: readonly [code: number, message?: string];
}

export interface Cell extends Outcome {
  readonly strategy: RunStrategy;
  readonly event: Event;
}

const cell =
  (strategy: RunStrategy) =>
  (
    event: Event,
    file: RunStrategy,
    [runs, status]: readonly [Outcome['runs'], string],
    ended: readonly string[],
    answer?: Outcome['answer'],
  ): Cell => ({ strategy, event, file, runs, status, ended, ...(answer && { answer }) });

const SAME = ['same', 'Running'] as const;
const NEW = ['new', 'Running'] as const;
const DOWN = ['none', 'Stopped'] as const;
/** Started again at once after the first unstable end, and made to wait after the second. */
const LOOPS = ['none', 'CrashLoopBackOff'] as const;

const ACCEPTED = [202] as const;
const ALREADY = [409, 'VM is already running'] as const;
const NOT_RUNNING = [409, 'VM is not running'] as const;
const noRestart = (strategy: RunStrategy) =>
  [409, `RunStrategy ${strategy} does not support manual restart requests`] as const;

const SHUTDOWN = 'Succeeded GuestShutdown';
const PANICKED = 'Failed GuestPanicked';
const KILLED = 'Failed KilledFromOutside';
const STOPPED = 'Succeeded StoppedByCommand';
const BY_FILE = 'Succeeded StoppedByFile';

const always = cell('Always');
const rerun = cell('RerunOnFailure');
const once = cell('Once');
const manual = cell('Manual');
const halted = cell('Halted');

/** For Manual the guest is started first, but for `start`. Under Halted nothing ever runs. */
export const CELLS: readonly Cell[] = [
  always('guest powers off', 'Always', LOOPS, [SHUTDOWN, SHUTDOWN]),
  always('guest panics', 'Always', LOOPS, [PANICKED, PANICKED]),
  always('QEMU killed', 'Always', NEW, [KILLED]),
  always('stop', 'Halted', DOWN, [STOPPED], ACCEPTED),
  always('start', 'Always', SAME, [], ALREADY),
  always('restart', 'Always', NEW, [STOPPED], ACCEPTED),

  rerun('guest powers off', 'RerunOnFailure', DOWN, [SHUTDOWN]),
  rerun('guest panics', 'RerunOnFailure', LOOPS, [PANICKED, PANICKED]),
  rerun('QEMU killed', 'RerunOnFailure', NEW, [KILLED]),
  rerun('stop', 'Halted', DOWN, [STOPPED], ACCEPTED),
  rerun('start', 'RerunOnFailure', SAME, [], ALREADY),
  rerun('restart', 'RerunOnFailure', NEW, [STOPPED], ACCEPTED),

  once('guest powers off', 'Once', DOWN, [SHUTDOWN]),
  once('guest panics', 'Once', DOWN, [PANICKED]),
  once('QEMU killed', 'Once', DOWN, [KILLED]),
  once('stop', 'Halted', DOWN, [STOPPED], ACCEPTED),
  once('start', 'Once', SAME, [], ALREADY),
  once('restart', 'Once', SAME, [], noRestart('Once')),

  manual('guest powers off', 'Manual', DOWN, [SHUTDOWN]),
  manual('guest panics', 'Manual', DOWN, [PANICKED]),
  manual('QEMU killed', 'Manual', DOWN, [KILLED]),
  manual('stop', 'Manual', DOWN, [STOPPED], ACCEPTED),
  manual('start', 'Manual', NEW, [], ACCEPTED),
  manual('restart', 'Manual', NEW, [STOPPED], ACCEPTED),

  halted('guest powers off', 'Halted', DOWN, []),
  halted('guest panics', 'Halted', DOWN, []),
  halted('QEMU killed', 'Halted', DOWN, []),
  halted('stop', 'Halted', DOWN, [], NOT_RUNNING),
  halted('start', 'Always', NEW, [], ACCEPTED),
  halted('restart', 'Halted', DOWN, [], noRestart('Halted')),

  ...[always, rerun, once, manual].flatMap((row) => [
    row({ edit: 'Halted' }, 'Halted', DOWN, [BY_FILE]),
    ...RUN_STRATEGIES.filter((to) => to !== 'Halted')
      .map((to) => row({ edit: to }, to, SAME, []))
      .filter(({ strategy, file }) => strategy !== file),
  ]),
  halted({ edit: 'Always' }, 'Always', NEW, []),
  halted({ edit: 'RerunOnFailure' }, 'RerunOnFailure', NEW, []),
  halted({ edit: 'Once' }, 'Once', NEW, []),
  halted({ edit: 'Manual' }, 'Manual', DOWN, []),
];

export function eventWords(event: Event): string {
  return typeof event === 'string' ? event : `edited to ${event.edit}`;
}

/** A name that Kubernetes allows: `always-guest-panics`. */
export function cellName({ strategy, event }: Pick<Cell, 'strategy' | 'event'>): string {
  return `${strategy}-${eventWords(event)}`.toLowerCase().replaceAll(' ', '-');
}

function guestFor(event: Event): Omit<TinyVm, 'strategy'> {
  if (event === 'guest powers off') return { guest: 'off-after' };
  if (event === 'guest panics') return { guest: 'panic', devices: ISA_PANIC_DEVICE };
  return { guest: 'obey' };
}

export interface Played {
  readonly vm: Vm;
  readonly outcome: Outcome;
  readonly last: VmObject;
}

/** Plays one row and waits until the VM looks as the row says, as far as that shows in its status. */
export async function play(world: World, row: Cell): Promise<Played> {
  const { strategy, event } = row;
  const vm = await Vm.known(world, cellName(row), { strategy, ...guestFor(event) });
  if (strategy === 'Manual' && event !== 'start') await vm.granted('start');
  const before = (await begun(vm, row)) ?? '';
  const answer = await happens(vm, event, before);
  const last = await vm.until('is as the row says', (v) => isSettled(v, row, before));
  if (last === undefined) throw new Error(`${vm.name} is gone`);
  return { vm, last, outcome: { ...outcomeOf(vm, last, before), ...(answer && { answer }) } };
}

/** @returns the instance that runs before the event; a guest that ends by itself is not waited for */
async function begun(vm: Vm, { strategy, event }: Cell): Promise<string | undefined> {
  const endsItself = event === 'guest powers off' || event === 'guest panics';
  const down = strategy === 'Halted' || (strategy === 'Manual' && event === 'start');
  if (endsItself || down) return undefined;
  return (await vm.listening()).uid;
}

async function happens(vm: Vm, event: Event, uid: string): Promise<Outcome['answer']> {
  if (typeof event === 'object') vm.edit(event.edit);
  else if (event === 'QEMU killed') await killQemu(vm, uid);
  else if (event === 'start' || event === 'stop' || event === 'restart')
    return inShort(await vm.command(event satisfies Verb));
  return undefined;
}

async function killQemu(vm: Vm, uid: string): Promise<void> {
  const { instance } = await vm.status();
  if (instance?.pid !== undefined && instance.uid === uid) process.kill(instance.pid, 'SIGKILL');
}

function inShort({ code, body }: Answer): Outcome['answer'] {
  return code < 300 ? [code] : [code, String(body.message)];
}

function isSettled(vm: VmObject | undefined, row: Cell, before: string): boolean {
  if (vm === undefined) return false;
  const { runStrategy, printableStatus, runHistory, instance } = vm.status;
  const acted = runStrategy === row.file && printableStatus === row.status;
  const other = row.runs !== 'new' || (instance?.pid !== undefined && instance.uid !== before);
  return acted && other && runHistory.length >= row.ended.length;
}

function outcomeOf(vm: Vm, last: VmObject, before: string): Outcome {
  const { instance, printableStatus, runHistory } = last.status;
  const runs = instance === undefined ? 'none' : instance.uid === before ? 'same' : 'new';
  return {
    file: strategyIn(vm.text()),
    runs,
    status: printableStatus,
    ended: runHistory.map(({ verdict }) => `${verdict.outcome} ${verdict.reason}`),
  };
}

function strategyIn(text: string): RunStrategy {
  const word = /^ {2}runStrategy: (\w+)/m.exec(text)?.[1];
  const strategy = RUN_STRATEGIES.find((known) => known === word);
  if (strategy === undefined) throw new Error(`no strategy in the file: ${text}`);
  return strategy;
}
