/** Draining: every guest is stopped as a host shutdown does it, nothing is started, and what the next daemon does. */
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { poll, World } from './daemon-harness.ts';
import { HeldQemu } from './held-qemu.ts';
import { type Live, Vm } from './vm-handle.ts';
import { untilInfo } from './waiting.ts';

// Each has a daemon of its own, and most of its time is waiting for guests.
vi.setConfig({ maxConcurrency: 4 });

const DRAIN = '/apis/solovirt.io/v1/drain';
/** Longer than any test: a stop that ends within it ended otherwise. */
const LONG_GRACE = 600;

const drain = (world: World) => world.api('PUT', DRAIN);

function intents(vm: Vm, { uid }: Pick<Live, 'uid'>): readonly string[] {
  const lines = readFileSync(vm.paths(uid).intent, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const { action, initiator } = JSON.parse(line);
    return `${action} ${initiator}`;
  });
}

describe('draining', () => {
  test.concurrent('stops every guest as its host does, and the next daemon starts what its strategy wants', async () => {
    await using world = await World.start();
    const rows: readonly (readonly [RunStrategy, 'up' | 'down'])[] = [
      ['Always', 'up'],
      ['RerunOnFailure', 'up'],
      ['Once', 'down'],
      ['Manual', 'down'],
    ];
    const guests = await Promise.all(
      rows.map(async ([strategy, after]) => ({
        after,
        ...(await Vm.up(world, strategy.toLowerCase(), { strategy })),
      })),
    );
    const cleanly = await Vm.up(world, 'ended', { strategy: 'RerunOnFailure' });
    await cleanly.vm.monitor(cleanly.live.uid, 'system_powerdown');
    await cleanly.vm.is('Stopped');
    const halted = await Vm.known(world, 'halted', { strategy: 'Halted' });

    expect((await drain(world)).code).toBe(202);
    for (const { vm, live } of guests) {
      const { verdict } = await vm.ended(1);
      expect(verdict).toMatchObject({
        outcome: 'Failed',
        reason: 'HostShutdown',
        initiator: 'host',
      });
      expect(intents(vm, live)).toEqual(['host-shutdown host', 'powerdown host']);
      expect(vm.text()).toBe(vm.original);
      await vm.is('Stopped');
    }
    expect(world.liveQemus()).toEqual([]);

    await world.endDaemon('SIGTERM');
    await world.startDaemon();
    for (const { vm, live, after } of guests)
      if (after === 'up') await vm.listening(live.uid);
      else await vm.is('Stopped');
    await cleanly.vm.is('Stopped');
    await halted.is('Stopped');
    expect(world.liveQemus()).toHaveLength(2);
    // No backoff was waited for, and none is counted.
    for (const { vm } of guests) expect(await vm.status()).not.toHaveProperty('startFailure');
  });

  test.concurrent('asks all at once, and forces each off when its own grace period is over', async () => {
    await using world = await World.start();
    const slow = await Vm.up(world, 'slow', { strategy: 'Always', guest: 'slow' });
    const deaf = await Vm.up(world, 'deaf', { strategy: 'Always', guest: 'ignore', grace: 1 });
    const patient = { strategy: 'Always', guest: 'ignore', grace: LONG_GRACE } as const;
    const never = await Vm.up(world, 'never', patient);
    await drain(world);
    for (const { vm } of [slow, deaf, never]) {
      const { status } = await vm.is('Stopping').catch(() => world.vm(vm.name));
      expect(status.instance?.stop?.initiator ?? 'host').toBe('host');
    }
    expect((await slow.vm.ended(1)).verdict.reason).toBe('HostShutdown');
    expect((await deaf.vm.ended(1)).verdict.reason).toBe('HostShutdown');
    expect(intents(deaf.vm, deaf.live)).toEqual([
      'host-shutdown host',
      'powerdown host',
      'quit host',
    ]);
    expect((await never.vm.status()).instance?.stop?.gracePeriodSeconds).toBe(LONG_GRACE);
    // A shorter grace period can still be asked for.
    await never.vm.granted('stop', { gracePeriod: 0 });
    expect((await never.vm.ended(1)).verdict.reason).toBe('HostShutdown');
  });

  test.concurrent('starts nothing: not by command, not by file, not by strategy', async () => {
    await using world = await World.start();
    const { vm: running } = await Vm.up(world, 'runs', { strategy: 'Always', guest: 'slow' });
    const down = await Vm.known(world, 'down', { strategy: 'Manual' });
    await drain(world);
    for (const [vm, verb] of [
      [down, 'start'],
      [running, 'start'],
      [running, 'restart'],
    ] as const) {
      const { code, body } = await vm.command(verb);
      expect([code, body.message]).toEqual([
        409,
        'solovirt is draining: nothing is started before that is over',
      ]);
    }
    const fresh = await Vm.known(world, 'fresh', { strategy: 'Always' });
    await running.ended(1);
    for (const vm of [running, fresh]) {
      const { status } = await vm.is('Stopped');
      expect(status.held).toEqual({ by: 'draining', message: 'draining: nothing is started' });
    }
    expect(await down.status()).not.toHaveProperty('held');
    const { draining, warnings } = await untilInfo(
      world,
      'drains',
      (i) => i.draining !== undefined,
    );
    expect(draining?.cause).toBe('command');
    expect(warnings[0]).toMatch(/^draining since .*, as a command asked for: .*--cancel/);
    expect(down.text()).toBe(down.original);
    expect(world.liveQemus()).toEqual([]);
  });

  test.concurrent('is over when it is cancelled: strategies act again', async () => {
    await using world = await World.start();
    const always = await Vm.up(world, 'always', { strategy: 'Always' });
    const manual = await Vm.up(world, 'manual', { strategy: 'Manual' });
    await drain(world);
    await always.vm.is('Stopped');
    await manual.vm.ended(1);
    expect((await world.api('DELETE', DRAIN)).code).toBe(200);
    const again = await always.vm.listening(always.live.uid);
    await manual.vm.is('Stopped');
    expect(await manual.vm.status()).not.toHaveProperty('held');
    const info = await untilInfo(world, 'drains no more', (i) => i.draining === undefined);
    expect(info.warnings.join()).not.toContain('draining');
    // That guests ended as in a host shutdown just now does not make it one.
    expect((await always.vm.status()).instance?.uid).toBe(again.uid);
    expect((await world.api('DELETE', DRAIN)).code).toBe(200);
  });

  test.concurrent('that is cancelled in the middle lets the stops go on, and starts the VMs again', async () => {
    await using world = await World.start();
    const { vm, live } = await Vm.up(world, 'slow', { strategy: 'Always', guest: 'slow' });
    await drain(world);
    await vm.is('Stopping');
    await world.api('DELETE', DRAIN);
    expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
    await vm.running(live.uid);
    expect((await untilInfo(world, 'answers', () => true)).draining).toBeUndefined();
  });

  test.concurrent('leaves a stop and a restart by command what they are, and the start for later', async () => {
    await using world = await World.start();
    const slow = { strategy: 'Always', guest: 'slow' } as const;
    const stopped = await Vm.up(world, 'stopped', slow);
    const restarted = await Vm.up(world, 'restarted', { ...slow, strategy: 'Manual' });
    await stopped.vm.granted('stop');
    await restarted.vm.granted('restart');
    await drain(world);
    for (const { vm } of [stopped, restarted])
      expect((await vm.ended(1)).verdict.reason).toBe('StoppedByCommand');
    const { status } = await restarted.vm.is('Stopped');
    expect(status.stateChangeRequests).toEqual([{ action: 'Start' }]);
    expect(status.held?.by).toBe('draining');
    await world.endDaemon();
    await world.startDaemon();
    await restarted.vm.running(restarted.live.uid);
    await stopped.vm.is('Stopped');
  });

  test.concurrent('joined by a stop command keeps the VM down afterwards, whatever its strategy', async () => {
    await using world = await World.start({ config: 'strategyTable: kubevirt-v1\n' });
    const rerun = { strategy: 'RerunOnFailure', guest: 'slow' } as const;
    const { vm } = await Vm.up(world, 'joined', rerun);
    await drain(world);
    await vm.is('Stopping');
    await vm.granted('stop');
    expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
    await world.api('DELETE', DRAIN);
    await world.endDaemon();
    await world.startDaemon();
    await vm.is('Stopped');
    expect(vm.text()).toBe(vm.original);
    expect(world.liveQemus()).toEqual([]);
  });

  test.concurrent('stops a guest that was about to start, before any of its code runs', async () => {
    using qemu = new HeldQemu();
    await using world = await World.start({ args: ['--qemu', qemu.path] });
    const vm = Vm.put(world, 'held-drain', { strategy: 'Always' });
    await vm.is('Starting');
    await poll('QEMU is spawned', () => world.liveQemus().length === 1);
    await drain(world);
    await vm.is('Stopping');
    qemu.letGo();
    const { verdict, runningAt } = await vm.ended(1);
    expect([verdict.reason, runningAt]).toEqual(['HostShutdown', undefined]);
  });

  test.concurrent('with dryRun changes nothing', async () => {
    await using world = await World.start();
    const { vm, live } = await Vm.up(world, 'stays', { strategy: 'Always' });
    for (const [path, body] of [
      [`${DRAIN}?dryRun=All`, undefined],
      [DRAIN, { dryRun: ['All'] }],
    ] as const)
      expect((await world.api('PUT', path, body)).code).toBe(202);
    expect((await untilInfo(world, 'answers', () => true)).draining).toBeUndefined();
    expect(await vm.running()).toEqual(live);
    const { code, body } = await world.api('PUT', `${DRAIN}?dryRun=yes`);
    expect([code, body.message]).toEqual([400, 'dryRun must be All or absent, not "yes"']);
    expect((await world.api('PUT', DRAIN, { gracePeriod: 1 })).code).toBe(400);
  });

  test.concurrent('ends with the daemon: one that is killed in the middle is followed by one that goes on as usual', async () => {
    await using world = await World.start();
    const deaf = { strategy: 'Always', guest: 'ignore', grace: 2 } as const;
    const { vm, live } = await Vm.up(world, 'deaf', deaf);
    await drain(world);
    await vm.is('Stopping');
    await world.endDaemon('SIGKILL');
    await world.startDaemon();
    expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
    await vm.running(live.uid);
  });
});

describe('a shutdown of the host that others carry out', () => {
  const hostShutdown = {
    action: 'host-shutdown',
    initiator: 'host',
    gracePeriodSeconds: 20,
    at: 1,
  } as const;

  test.concurrent('is noticed: what was stopped is not started again, and the others are stopped too', async () => {
    await using world = await World.start();
    const first = await Vm.up(world, 'first', { strategy: 'Always' });
    const second = await Vm.up(world, 'second', { strategy: 'Always' });
    first.vm.intend(first.live, hostShutdown);
    await first.vm.monitor(first.live.uid, 'system_powerdown');
    for (const { vm } of [first, second])
      expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
    const { draining } = await untilInfo(world, 'drains', (i) => i.draining !== undefined);
    expect(draining?.cause).toBe('host-shutdown');
    for (const { vm } of [first, second]) await vm.is('Stopped');
    expect(world.liveQemus()).toEqual([]);
  });

  test.concurrent('that was over before the daemon came is none any more', async () => {
    await using world = await World.start();
    const { vm, live } = await Vm.up(world, 'back', { strategy: 'Always' });
    await world.endDaemon();
    vm.intend(live, hostShutdown);
    await vm.monitor(live.uid, 'system_powerdown');
    await vm.gone(live);
    await world.startDaemon();
    expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
    await vm.listening(live.uid);
    expect((await untilInfo(world, 'answers', () => true)).draining).toBeUndefined();
  });
});
