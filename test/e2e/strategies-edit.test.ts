/**
 * The strategy is edited while the VM is down: what the last run left behind decides, as in KubeVirt. And edits
 * that come while a stop is under way.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { World } from './daemon-harness.ts';
import { Vm } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** How the last run ended, and under which strategy. */
const LEFT = {
  'never ran': (name: string, strategy: RunStrategy) => Vm.known(world, name, { strategy }),
  'shut down': (name: string, strategy: RunStrategy) =>
    ranOnce(name, strategy, (vm, { uid }) => vm.monitor(uid, 'system_powerdown')),
  failed: (name: string, strategy: RunStrategy) =>
    ranOnce(name, strategy, (_, { pid }) => process.kill(pid, 'SIGKILL')),
  'was stopped by a command': (name: string, strategy: RunStrategy) =>
    ranOnce(name, strategy, (vm) => vm.granted('stop')),
} as const;

async function ranOnce(
  name: string,
  strategy: RunStrategy,
  end: (vm: Vm, live: { uid: string; pid: number }) => Promise<void> | boolean,
): Promise<Vm> {
  const { vm, live } = await Vm.up(world, name, { strategy });
  await end(vm, live);
  await vm.ended(1);
  await vm.is('Stopped');
  return vm;
}

/** Strategy before, how the last run ended, strategy after, and whether the VM is started. */
const ROWS: readonly (readonly [RunStrategy, keyof typeof LEFT, RunStrategy, 'starts' | '–'])[] = [
  ['Manual', 'never ran', 'Always', 'starts'],
  ['Manual', 'never ran', 'RerunOnFailure', 'starts'],
  ['Manual', 'never ran', 'Once', 'starts'],
  ['Manual', 'never ran', 'Halted', '–'],
  ['Manual', 'shut down', 'Always', 'starts'],
  ['Manual', 'shut down', 'RerunOnFailure', '–'],
  ['Manual', 'shut down', 'Once', '–'],
  ['Manual', 'shut down', 'Halted', '–'],
  ['Manual', 'failed', 'Always', 'starts'],
  ['Manual', 'failed', 'RerunOnFailure', 'starts'],
  ['Manual', 'failed', 'Once', '–'],
  ['Manual', 'was stopped by a command', 'Always', 'starts'],
  ['Manual', 'was stopped by a command', 'RerunOnFailure', 'starts'],
  ['Manual', 'was stopped by a command', 'Once', 'starts'],
  ['Once', 'shut down', 'Always', 'starts'],
  ['Once', 'shut down', 'RerunOnFailure', '–'],
  ['Once', 'shut down', 'Manual', '–'],
  ['Once', 'failed', 'RerunOnFailure', 'starts'],
  ['Once', 'failed', 'Manual', '–'],
  ['RerunOnFailure', 'shut down', 'Always', 'starts'],
  ['RerunOnFailure', 'shut down', 'Once', 'starts'],
  ['RerunOnFailure', 'shut down', 'Manual', '–'],
  ['RerunOnFailure', 'shut down', 'Halted', '–'],
];

describe('the strategy of a VM that is down is edited', () => {
  test.concurrent.for(ROWS)('%s, %s: to %s: %s', async ([from, left, to, expected]) => {
    const name = `${from}-${left}-${to}`.toLowerCase().replaceAll(' ', '-');
    const vm = await LEFT[left](name, from);
    const before = (await vm.status()).runHistory.length;
    vm.edit(to);
    const status = expected === 'starts' ? 'Running' : 'Stopped';
    const seen = await vm.until(
      `is ${status} under ${to}`,
      (v) => v?.status.runStrategy === to && v.status.printableStatus === status,
    );
    expect(seen?.status.runHistory).toHaveLength(before);
  });
});

describe('the file stops the VM, and wants it again before the guest is down', () => {
  test.concurrent.for<readonly [RunStrategy, boolean]>([
    ['Always', true],
    ['RerunOnFailure', true],
    ['Once', true],
    ['Manual', false],
  ])('%s', async ([strategy, wanted]) => {
    const name = `again-${strategy.toLowerCase()}`;
    const { vm, live } = await Vm.up(world, name, { strategy, guest: 'slow' });
    vm.edit('Halted');
    await vm.until('is asked', (v) => v?.status.instance?.stop?.rung === 'powerdown');
    vm.edit(strategy);
    expect((await vm.ended(1)).verdict.reason).toBe('StoppedByFile');
    if (wanted) await vm.running(live.uid);
    else await vm.is('Stopped');
  });

  test.concurrent('removed and written again', async () => {
    const { vm, live } = await Vm.up(world, 'back', { strategy: 'RerunOnFailure', guest: 'slow' });
    world.remove('back');
    await vm.is('Terminating');
    world.write('back', vm.original);
    expect((await vm.ended(1)).verdict.reason).toBe('StoppedByFile');
    await vm.running(live.uid);
  });
});
