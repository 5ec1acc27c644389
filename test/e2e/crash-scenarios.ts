/**
 * What is under way when the daemon is killed, and what must have come of it in the end. A command that was not
 * acknowledged may have taken place or not, but nothing in between.
 */
import { readFileSync } from 'node:fs';
import type { VmRecord } from '../../src/core/model/record.ts';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { ISA_PANIC_DEVICE, type TinyVm } from './manifests.ts';
import type { InstanceVerb, Live, Verb, Vm } from './vm-handle.ts';

export interface End {
  readonly file: RunStrategy | 'removed';
  /** `again`: another instance than before; `none`: no instance. */
  readonly runs: 'same' | 'again' | 'none';
  readonly status: string;
  readonly ended: readonly string[];
  /** How often the guest came up, where that tells a reboot. */
  readonly ups?: number;
}

export interface Scenario {
  readonly spec: TinyVm;
  /** The file is only written by the trigger itself. */
  readonly isNew?: boolean;
  /** @returns whether the daemon acknowledged it; a file needs no acknowledgement */
  readonly trigger: (vm: Vm, live: Live | undefined) => Promise<boolean>;
  readonly done: End;
  /** When it was not acknowledged. */
  readonly undone?: End;
}

/** Cut off by the death of the daemon: not acknowledged. */
async function acknowledged(answer: Promise<{ readonly code: number }>): Promise<boolean> {
  const code = await answer.then((a) => a.code).catch(() => undefined);
  if (code !== undefined && code >= 300) throw new Error(`refused with ${code}`);
  return code !== undefined;
}

const command =
  (verb: Verb, body: object = {}) =>
  (vm: Vm) =>
    acknowledged(vm.command(verb, body));
const instance = (verb: InstanceVerb) => (vm: Vm) => acknowledged(vm.instance(verb));
const file = (change: (vm: Vm) => void) => (vm: Vm) => {
  change(vm);
  return Promise.resolve(true);
};
const write = file((vm) => vm.world.write(vm.name, vm.original));

const running = (strategy: RunStrategy): End => ({
  file: strategy,
  runs: 'same',
  status: 'Running',
  ended: [],
});
const down = (strategy: RunStrategy, ...ended: readonly string[]): End => ({
  file: strategy,
  runs: 'none',
  status: 'Stopped',
  ended,
});
const again = (strategy: RunStrategy, ...ended: readonly string[]): End => ({
  file: strategy,
  runs: 'again',
  status: 'Running',
  ended,
});

const TERMINATE = '        rebootPolicy: Terminate\n';
const PANICS = { guest: 'panic', devices: ISA_PANIC_DEVICE } as const;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  start: {
    spec: { strategy: 'Manual' },
    trigger: command('start'),
    done: again('Manual'),
    undone: down('Manual'),
  },
  'start-halted': {
    spec: { strategy: 'Halted' },
    trigger: command('start'),
    done: again('Always'),
    undone: down('Halted'),
  },
  'start-paused': {
    spec: { strategy: 'Manual' },
    trigger: command('start', { paused: true }),
    done: { ...again('Manual'), status: 'Paused' },
    undone: down('Manual'),
  },
  stop: {
    spec: { strategy: 'Always' },
    trigger: command('stop'),
    done: down('Halted', 'StoppedByCommand'),
    undone: running('Always'),
  },
  'stop-slow': {
    spec: { strategy: 'Manual', guest: 'slow' },
    trigger: command('stop'),
    done: down('Manual', 'StoppedByCommand'),
    undone: running('Manual'),
  },
  'stop-deaf': {
    spec: { strategy: 'Once', guest: 'ignore', grace: 2 },
    trigger: command('stop'),
    done: down('Halted', 'GracePeriodExpired'),
    undone: running('Once'),
  },
  'stop-forced': {
    spec: { strategy: 'RerunOnFailure', guest: 'ignore', grace: 600 },
    trigger: command('stop', { gracePeriod: 0 }),
    done: down('Halted', 'ForcedOff'),
    undone: running('RerunOnFailure'),
  },
  restart: {
    spec: { strategy: 'Always' },
    trigger: command('restart'),
    done: again('Always', 'StoppedByCommand'),
    undone: running('Always'),
  },
  pause: {
    spec: { strategy: 'Always' },
    trigger: instance('pause'),
    done: { ...running('Always'), status: 'Paused' },
    undone: running('Always'),
  },
  'soft-reboot': {
    spec: { strategy: 'Always' },
    trigger: instance('softreboot'),
    done: { ...running('Always'), ups: 2 },
    undone: { ...running('Always'), ups: 1 },
  },
  'soft-reboot-ends': {
    spec: { strategy: 'Manual', guest: 'slow', domain: TERMINATE },
    trigger: instance('softreboot'),
    done: { ...running('Manual'), ups: 2 },
    undone: { ...running('Manual'), ups: 1 },
  },
  'reset-ends': {
    spec: { strategy: 'Manual', domain: TERMINATE },
    trigger: instance('reset'),
    done: { ...running('Manual'), ups: 2 },
    undone: { ...running('Manual'), ups: 1 },
  },
  'new-file': { isNew: true, spec: { strategy: 'Always' }, trigger: write, done: again('Always') },
  'new-off': {
    isNew: true,
    spec: { strategy: 'RerunOnFailure', guest: 'off' },
    trigger: write,
    done: down('RerunOnFailure', 'GuestShutdown'),
  },
  'new-panic': {
    isNew: true,
    spec: { strategy: 'Always', ...PANICS },
    trigger: write,
    done: {
      ...down('Always', 'GuestPanicked', 'GuestPanicked'),
      status: 'CrashLoopBackOff',
    },
  },
  'edit-halted': {
    spec: { strategy: 'RerunOnFailure', guest: 'slow' },
    trigger: file((vm) => vm.edit('Halted')),
    done: down('Halted', 'StoppedByFile'),
  },
  removed: {
    spec: { strategy: 'Always', guest: 'slow' },
    trigger: file((vm) => vm.world.remove(vm.name)),
    done: { ...down('Always'), file: 'removed', status: 'gone' },
  },
  'qemu-killed': {
    spec: { strategy: 'RerunOnFailure' },
    trigger: async (_, live) => live !== undefined && process.kill(live.pid, 'SIGKILL'),
    done: again('RerunOnFailure', 'KilledFromOutside'),
  },
};

/** One scenario in one round. */
export class Play {
  readonly vm: Vm;
  readonly scenario: Scenario;
  live: Live | undefined;
  #acknowledged: Promise<boolean> = Promise.resolve(false);

  constructor(vm: Vm, scenario: Scenario) {
    this.vm = vm;
    this.scenario = scenario;
  }

  /** Resolves when everything is ready for the trigger. */
  async prepare(): Promise<void> {
    const { vm, scenario } = this;
    if (scenario.isNew === true) return;
    vm.world.write(vm.name, vm.original);
    await vm.until('is known', (v) => v !== undefined);
    if (scenario.done.runs !== 'same' && scenario.undone?.runs === 'none') return;
    if (scenario.spec.strategy === 'Manual') await vm.granted('start');
    this.live = await vm.listening();
  }

  trigger(): void {
    this.#acknowledged = this.scenario.trigger(this.vm, this.live);
    this.#acknowledged.catch(() => {});
  }

  async allowed(): Promise<readonly End[]> {
    const { done, undone } = this.scenario;
    return (await this.#acknowledged) || undone === undefined ? [done] : [done, undone];
  }

  /** How the VM stands; undefined while something is under way. */
  async end(): Promise<End | undefined> {
    const { vm, live } = this;
    const { code, body } = await vm.world.api('GET', vm.path);
    if (code === 404) return { file: 'removed', runs: 'none', status: 'gone', ended: [] };
    const { printableStatus, runHistory, runStrategy, instance: now } = body.status;
    if (isMoving(vm.record())) return undefined;
    if (now !== undefined && now.runState === undefined) return undefined;
    const ups = now === undefined ? undefined : this.#ups(now.uid);
    if (ups === 0) return undefined;
    return {
      file: runStrategy,
      runs: now === undefined ? 'none' : now.uid === live?.uid ? 'same' : 'again',
      status: printableStatus,
      ended: (runHistory as { verdict: { reason: string } }[]).map(({ verdict }) => verdict.reason),
      ...(ups === undefined ? {} : { ups }),
    };
  }

  /** Undefined where it does not matter; 0 while the guest is on its way. */
  #ups(uid: string): number | undefined {
    if (this.scenario.done.ups === undefined) return undefined;
    const words = readFileSync(this.vm.paths(uid).console, 'utf8').split('\r\n');
    const ups = words.filter((word) => word === 'UP').length;
    return words.filter((word) => word === 'DOWN').length === ups ? 0 : ups;
  }
}

function isMoving(record: VmRecord | undefined): boolean {
  const { startRequest, pendingWrite, instance } = record ?? {};
  const { phase, stop, softReboot, resetAt } = instance ?? {};
  const open = [startRequest, pendingWrite, stop, softReboot, resetAt];
  return open.some((wish) => wish !== undefined) || (phase ?? 'Running') !== 'Running';
}
