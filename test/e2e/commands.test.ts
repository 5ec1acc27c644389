/** start, stop and restart in every state of a VM: answers, order, and what comes of them. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { poll, World } from './daemon-harness.ts';
import { HeldQemu } from './held-qemu.ts';
import { Vm, withStrategy } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

/** Longer than any test: a stop that ends within it ended otherwise. */
const LONG_GRACE = 600;

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const requests = (vm: Vm) => vm.status().then((s) => s.stateChangeRequests ?? []);

describe('stop', () => {
  test.concurrent('while QEMU starts: no guest code ever runs', async () => {
    using qemu = new HeldQemu();
    await using own = await World.start({ args: ['--qemu', qemu.path] });
    const vm = Vm.put(own, 'held-stop', { strategy: 'Always' });
    await vm.is('Starting');
    await poll('QEMU is spawned', () => own.liveQemus().length === 1);
    await vm.granted('stop');
    const { verdict, runningAt } = await vm.ended(1);
    expect([verdict.outcome, verdict.reason, runningAt]).toEqual([
      'Succeeded',
      'ForcedOff',
      undefined,
    ]);
    await vm.is('Stopped');
    expect(own.liveQemus()).toEqual([]);
  });

  test.concurrent('of a paused guest: it is woken, and obeys', async () => {
    const { vm } = await Vm.up(world, 'stop-paused', { strategy: 'Manual' });
    expect((await world.instance('stop-paused', 'pause')).code).toBe(200);
    await vm.is('Paused');
    await vm.granted('stop');
    expect((await vm.ended(1)).verdict.reason).toBe('StoppedByCommand');
  });

  test.concurrent('of a guest that never ran: forced off at once', async () => {
    const spec = '      startStrategy: Paused\n';
    const vm = Vm.put(world, 'stop-first-pause', { strategy: 'Always', grace: LONG_GRACE, spec });
    await vm.is('Paused');
    await vm.granted('stop');
    expect((await vm.ended(1)).verdict.reason).toBe('ForcedOff');
  });

  test.concurrent('while stopping: a shorter grace period shortens it, a longer one does not', async () => {
    const deaf = { strategy: 'Manual', guest: 'ignore', grace: LONG_GRACE } as const;
    const { vm } = await Vm.up(world, 'stop-shorter', deaf);
    await vm.granted('stop');
    const asked = await vm.until(
      'was asked',
      (v) => v?.status.instance?.stop?.rung === 'powerdown',
    );
    const first = asked?.status.instance?.stop;
    expect(first?.gracePeriodSeconds).toBe(LONG_GRACE);
    await vm.granted('stop', { gracePeriod: 2 * LONG_GRACE });
    expect((await vm.status()).instance?.stop).toMatchObject({ deadline: first?.deadline });
    await vm.granted('stop', { gracePeriod: 1 });
    expect((await vm.ended(1)).verdict).toMatchObject({
      outcome: 'Failed',
      reason: 'GracePeriodExpired',
      initiator: 'command',
    });
  });

  test.concurrent('under Halted: refused while stopping, unless it shortens', async () => {
    const deaf = { strategy: 'Always', guest: 'ignore', grace: LONG_GRACE } as const;
    const { vm } = await Vm.up(world, 'stop-halted', deaf);
    await vm.granted('stop');
    const again = await vm.command('stop');
    expect([again.code, again.body.message]).toEqual([
      409,
      'Halted only supports manual stop requests with a shorter graceperiod',
    ]);
    await vm.granted('stop', { gracePeriod: 0 });
    expect((await vm.ended(1)).verdict).toMatchObject({
      outcome: 'Succeeded',
      reason: 'ForcedOff',
    });
    expect(vm.text()).toBe(withStrategy(vm.original, 'Halted'));
  });

  test.concurrent('with a grace period of its own leaves the next instance its own', async () => {
    const { vm, live } = await Vm.up(world, 'stop-own', { strategy: 'Manual', guest: 'ignore' });
    await vm.granted('stop', { gracePeriod: 0 });
    await vm.ended(1);
    await vm.granted('start');
    await vm.running(live.uid);
    await vm.granted('stop');
    expect((await vm.is('Stopping')).status.instance?.stop?.gracePeriodSeconds).toBe(20);
  });

  test.concurrent('cancels a start that waits behind a stop', async () => {
    const { vm } = await Vm.up(world, 'stop-queued', { strategy: 'Manual', guest: 'slow' });
    await vm.granted('stop');
    await vm.granted('start');
    expect((await requests(vm)).map(({ action }) => action)).toEqual(['Stop', 'Start']);
    await vm.granted('stop');
    expect((await requests(vm)).map(({ action }) => action)).toEqual(['Stop']);
    await vm.ended(1);
    await vm.is('Stopped');
  });

  test.concurrent('cancels a restart', async () => {
    const { vm } = await Vm.up(world, 'stop-restart', { strategy: 'Always', guest: 'slow' });
    await vm.granted('restart');
    await vm.granted('stop');
    await vm.ended(1);
    await vm.is('Stopped');
    expect(vm.text()).toBe(withStrategy(vm.original, 'Halted'));
  });
});

describe('start', () => {
  test.concurrent.for<readonly [RunStrategy, RunStrategy]>([
    ['Manual', 'Manual'],
    ['Always', 'Always'],
    ['RerunOnFailure', 'Always'],
    ['Once', 'Always'],
  ])('during the stop of a %s VM waits for it, and leaves %s in the file', async ([from, to]) => {
    const name = `start-behind-${from.toLowerCase()}`;
    const { vm, live } = await Vm.up(world, name, { strategy: from, guest: 'slow' });
    await vm.granted('stop');
    await vm.granted('start');
    const twice = await vm.command('start');
    expect([twice.code, twice.body.message]).toEqual([409, 'VM is already running']);
    expect((await vm.ended(1)).verdict.reason).toBe('StoppedByCommand');
    await vm.running(live.uid);
    expect(vm.text()).toBe(withStrategy(vm.original, to));
  });

  test.concurrent.for<RunStrategy>(['RerunOnFailure', 'Once'])(
    'of a %s VM that has ended: it runs again, and the file stays',
    async (strategy) => {
      const name = `start-ended-${strategy.toLowerCase()}`;
      const { vm, live } = await Vm.up(world, name, { strategy });
      await vm.monitor(live.uid, 'system_powerdown');
      await vm.is('Stopped');
      await vm.granted('start');
      await vm.running(live.uid);
      expect(vm.text()).toBe(vm.original);
    },
  );

  test.concurrent.for<readonly [RunStrategy, RunStrategy]>([
    ['Manual', 'Manual'],
    ['Halted', 'Always'],
  ])('paused, of a %s VM: only this once', async ([from, to]) => {
    const vm = await Vm.known(world, `paused-${from.toLowerCase()}`, { strategy: from });
    await vm.granted('start', { paused: true });
    const first = (await vm.is('Paused')).status.instance?.uid ?? '';
    expect((await world.instance(vm.name, 'unpause')).code).toBe(200);
    await vm.listening();
    await vm.granted('restart');
    await vm.running(first);
    expect(vm.text()).toBe(withStrategy(vm.original, to));
  });

  test.concurrent('startStrategy: Paused holds every instance', async () => {
    const spec = '      startStrategy: Paused\n';
    const vm = await Vm.known(world, 'always-paused', { strategy: 'Always', spec });
    const first = (await vm.is('Paused')).status.instance?.uid;
    await vm.granted('restart');
    await vm.ended(1);
    expect((await vm.is('Paused')).status.instance?.uid).not.toBe(first);
  });
});

describe('restart', () => {
  test.concurrent('brings an edited template into force, and nothing else changes the guest', async () => {
    const { vm, live } = await Vm.up(world, 'restart-edited', { strategy: 'RerunOnFailure' });
    const edited = vm.text().replace('guest: 16Mi', 'guest: 24Mi');
    world.write(vm.name, edited);
    const changed = await vm.until(
      'needs a restart',
      (v) => v?.status.conditions.some(({ type }) => type === 'RestartRequired') ?? false,
    );
    expect(changed?.status.instance?.uid).toBe(live.uid);
    await vm.granted('restart');
    await vm.running(live.uid);
    const { conditions } = await vm.status();
    expect(conditions.map(({ type }) => type)).not.toContain('RestartRequired');
    expect(vm.text()).toBe(edited);
  });

  test.concurrent('by force, of a deaf guest: no grace period is waited for', async () => {
    const deaf = { strategy: 'Always', guest: 'ignore', grace: LONG_GRACE } as const;
    const { vm, live } = await Vm.up(world, 'restart-forced', deaf);
    await vm.granted('restart', { gracePeriodSeconds: 0 });
    expect((await vm.ended(1)).verdict.reason).toBe('ForcedOff');
    await vm.running(live.uid);
  });

  test.concurrent('of a Manual VM that is down is refused', async () => {
    const vm = await Vm.known(world, 'restart-down', { strategy: 'Manual' });
    const { code, body } = await vm.command('restart');
    expect([code, body.message]).toEqual([409, 'VM is not running']);
  });
});

describe('strategyTable: kubevirt-v1', () => {
  test.concurrent('RerunOnFailure keeps its strategy on stop, and stays down', async () => {
    await using own = await World.start({ config: 'strategyTable: kubevirt-v1\n' });
    const { vm, live } = await Vm.up(own, 'kept', { strategy: 'RerunOnFailure' });
    await vm.granted('stop');
    await vm.is('Stopped');
    const again = await vm.command('stop');
    expect([again.code, again.body.message]).toEqual([409, 'VM is not running']);
    await own.endDaemon();
    await own.startDaemon();
    await vm.is('Stopped');
    await vm.granted('start');
    await vm.running(live.uid);
    expect(vm.text()).toBe(vm.original);
  });
});
