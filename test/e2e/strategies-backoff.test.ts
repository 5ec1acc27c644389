/** Guests that do not stay up: how long they wait, what ends the wait, and what does not count. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE, tinyVm } from './manifests.ts';
import { Vm, withStrategy } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

/** The second wait is so long that only what a test does can end it. */
const BASE_SECONDS = 600;

let world: World;
beforeAll(async () => {
  world = await World.start({
    config: `backoff:\n  baseSeconds: ${BASE_SECONDS}\n  capSeconds: 3600\n`,
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const PANICS = { guest: 'panic', devices: ISA_PANIC_DEVICE } as const;

/** A VM that has failed twice, and waits. */
async function looping(name: string, strategy: RunStrategy): Promise<Vm> {
  const vm = Vm.put(world, name, { strategy, ...PANICS });
  await vm.is('CrashLoopBackOff');
  return vm;
}

function runs(vm: VmObject | undefined): number {
  return vm?.status.runHistory.length ?? 0;
}

test.concurrent('the first failure is retried at once, the second after the base time', async () => {
  const vm = await looping('waits', 'Always');
  const { startFailure, runHistory, instance } = await vm.status();
  expect(instance).toBeUndefined();
  expect(runHistory.map(({ verdict }) => verdict.reason)).toEqual([
    'GuestPanicked',
    'GuestPanicked',
  ]);
  expect(startFailure).toMatchObject({
    consecutiveFailCount: 2,
    lastFailedVMIUID: runHistory[0]?.uid,
  });
  const waits =
    Date.parse(startFailure?.retryAfterTimestamp ?? '') - Date.parse(runHistory[0]?.endedAt ?? '');
  expect(waits).toBeGreaterThanOrEqual(BASE_SECONDS * 1000);
  expect(waits).toBeLessThanOrEqual(BASE_SECONDS * 1500);
});

test.concurrent('a guest that never comes to run waits from the first failure on', async () => {
  const text = tinyVm('no-image', { strategy: 'RerunOnFailure' });
  const vm = Vm.put(world, 'no-image', text.replace('tiny:obey', 'tiny:no-such-image'));
  const { startFailure, runHistory } = (await vm.is('CrashLoopBackOff')).status;
  expect(startFailure?.consecutiveFailCount).toBe(1);
  expect(runHistory.map(({ verdict }) => verdict.reason)).toEqual(['LaunchFailed']);
});

describe('what ends the wait', () => {
  test.concurrent('start: now, with the count at nothing', async () => {
    const vm = await looping('start-ends', 'RerunOnFailure');
    await vm.granted('start');
    // From one it counts up to two again.
    await vm.until('waits again', (v) => {
      const isWaiting = v?.status.printableStatus === 'CrashLoopBackOff';
      return isWaiting && runs(v) === 4 && v?.status.startFailure?.consecutiveFailCount === 2;
    });
    expect(vm.text()).toBe(vm.original);
  });

  test.concurrent('stop: Halted is in the file, and nothing is tried again', async () => {
    const vm = await looping('stop-ends', 'Always');
    await vm.granted('stop');
    const { startFailure } = (await vm.is('Stopped')).status;
    expect(startFailure).toBeUndefined();
    expect(vm.text()).toBe(withStrategy(vm.original, 'Halted'));
  });

  test.concurrent('another template: tried at once', async () => {
    const vm = await looping('edit-ends', 'Always');
    world.write('edit-ends', vm.text().replace('tiny:panic', 'tiny:obey'));
    await vm.is('Running');
  });

  test.concurrent('a comment does not', async () => {
    const vm = await looping('comment', 'Always');
    const retry = (await vm.status()).startFailure;
    world.write('comment', `${vm.text()}# nothing new\n`);
    world.write('comment-mark', vm.text().replaceAll('comment', 'comment-mark'));
    await world.untilStatus('comment-mark', 'CrashLoopBackOff');
    expect((await vm.status()).startFailure).toEqual(retry);
  });

  test.concurrent.for<RunStrategy>(['Manual', 'Halted'])(
    '%s in the file: nothing to wait for',
    async (strategy) => {
      const vm = await looping(`to-${strategy.toLowerCase()}`, 'Always');
      vm.edit(strategy);
      expect((await vm.is('Stopped')).status.startFailure).toBeUndefined();
    },
  );

  test.concurrent('restart is refused: nothing runs', async () => {
    const vm = await looping('restart-refused', 'Always');
    const { code, body } = await vm.command('restart');
    expect([code, body.message]).toEqual([409, 'VM is not running']);
    expect((await vm.status()).startFailure?.consecutiveFailCount).toBe(2);
  });
});

test.concurrent('the wait goes on over a restart of the daemon', async () => {
  await using own = await World.start({
    config: 'backoff: {baseSeconds: 600, capSeconds: 3600}\n',
  });
  const vm = Vm.put(own, 'kept', { strategy: 'Always', ...PANICS });
  const before = (await vm.is('CrashLoopBackOff')).status.startFailure;
  await own.endDaemon();
  await own.startDaemon();
  expect((await vm.is('CrashLoopBackOff')).status.startFailure).toEqual(before);
});

test.concurrent('the wait ends by itself', async () => {
  await using own = await World.start({ config: 'backoff: {baseSeconds: 1, capSeconds: 1}\n' });
  const vm = Vm.put(own, 'tries', { strategy: 'Always', ...PANICS });
  await vm.ended(4);
});

describe('where no start follows, nothing is waited for', () => {
  test.concurrent.for<readonly [RunStrategy, object]>([
    ['Manual', PANICS],
    ['Once', PANICS],
    ['RerunOnFailure', { guest: 'off' }],
  ])('%s', async ([strategy, guest]) => {
    const vm = await Vm.known(world, `calm-${strategy.toLowerCase()}`, { strategy, ...guest });
    if (strategy === 'Manual') await vm.granted('start');
    await vm.ended(1);
    expect((await vm.is('Stopped')).status.startFailure).toBeUndefined();
  });
});

test.concurrent('restarts that were asked for do not count', async () => {
  const { vm, live } = await Vm.up(world, 'restarted', { strategy: 'Always' });
  let { uid } = live;
  for (let count = 1; count <= 3; count += 1) {
    await vm.granted('restart', { gracePeriodSeconds: 0 });
    ({ uid } = await vm.running(uid));
  }
  const { startFailure, runHistory } = await vm.status();
  expect(runHistory).toHaveLength(3);
  expect(startFailure).toBeUndefined();
});
