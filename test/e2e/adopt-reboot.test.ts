/**
 * The host went down and is up again: every instance gets its verdict, and each run strategy goes on from it. The boot
 * is made an earlier one by rewriting its id wherever it is kept, and by taking away what lies in memory.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { appendIntent } from '../../src/qemu/intent.ts';
import { currentBootId } from '../../src/qemu/process-identity.ts';
import { poll, World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE } from './manifests.ts';
import { type Live, Vm } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 2 });

const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';
const BACKOFF = 'backoff: {baseSeconds: 600, capSeconds: 3600}\n';

/** What is left when the host is up again. QEMU is gone by then. */
type Down = (vm: Vm, live: Live) => Promise<void>;

/** Power loss: the last word of nobody. */
const lost: Down = async (vm, live) => {
  vm.kill();
  await poll(`${vm.name} is gone`, () => vm.processes().length === 0);
  await poll('its end is written', () => readdirSync(vm.paths(live.uid).dir).includes('exit'));
  rmSync(vm.paths(live.uid).exit);
};

/** The guest obeyed when the host went down in order. */
const shutDown: Down = async (vm, live) => {
  const at = Date.now();
  const initiator = 'host';
  for (const action of ['host-shutdown', 'powerdown'] as const)
    await appendIntent(vm.paths(live.uid), { action, initiator, gracePeriodSeconds: 20, at });
  await poweredOff(vm, live);
};

/** The guest had just shut itself down. */
const poweredOff: Down = async (vm, live) => {
  await vm.monitor(live.uid, 'system_powerdown');
  await poll(`${vm.name} is gone`, () => vm.processes().length === 0);
  await poll('its end is written', () => readdirSync(vm.paths(live.uid).dir).includes('exit'));
};

async function reboot(world: World, down = async (): Promise<void> => {}): Promise<void> {
  await world.endDaemon('SIGKILL');
  await down();
  rmSync(join(world.runtime, 'i'), { recursive: true });
  const instances = join(world.state, 'instances');
  for (const uid of readdirSync(instances)) {
    const file = join(instances, uid, 'process');
    const line = readFileSync(file, 'utf8');
    writeFileSync(file, line.replace(currentBootId(), OTHER_BOOT));
  }
  if (existsSync(join(world.state, 'state.db'))) {
    using database = new DatabaseSync(join(world.state, 'state.db'));
    database
      .prepare('UPDATE vms SET record = replace(record, ?, ?)')
      .run(currentBootId(), OTHER_BOOT);
  }
  await world.startDaemon();
}

const ENDS = {
  lost: { down: lost, reason: 'HostLost', initiator: 'host', outcome: 'Failed' },
  shutdown: { down: shutDown, reason: 'HostShutdown', initiator: 'host', outcome: 'Failed' },
  off: { down: poweredOff, reason: 'GuestShutdown', initiator: 'guest', outcome: 'Succeeded' },
} as const;

const AGAIN: Readonly<Record<keyof typeof ENDS, readonly RunStrategy[]>> = {
  lost: ['Always', 'RerunOnFailure'],
  shutdown: ['Always', 'RerunOnFailure'],
  off: ['Always'],
};

test.concurrent.for(['lost', 'shutdown', 'off'] as const)(
  'a host that came back, guests %s: each strategy decides',
  async (how) => {
    await using world = await World.start({ config: BACKOFF });
    const { down, ...verdict } = ENDS[how];
    const strategies = ['Always', 'RerunOnFailure', 'Once', 'Manual'] as const;
    const guests = await Promise.all(
      strategies.map(async (strategy) => ({
        strategy,
        ...(await Vm.up(world, strategy.toLowerCase(), { strategy })),
      })),
    );
    await reboot(world, async () => {
      await Promise.all(guests.map(({ vm, live }) => down(vm, live)));
    });
    for (const { vm, live, strategy } of guests) {
      const run = await vm.ended(1);
      expect(run).toMatchObject({ uid: live.uid, verdict });
      // Neither is a fault of the guest's: nobody waits for a backoff.
      if (AGAIN[how].includes(strategy)) await vm.running(live.uid);
      else await vm.is('Stopped');
      expect(vm.text()).toBe(vm.original);
      expect((await vm.status()).runHistory).toHaveLength(1);
    }
    await expect.poll(() => readdirSync(join(world.runtime, 'i'))).toHaveLength(AGAIN[how].length);
  },
);

test.concurrent('what was asked for before the host went down still holds', async () => {
  await using world = await World.start({ config: BACKOFF });
  const deaf = { guest: 'ignore', grace: 600 } as const;
  const [halted, stopped, restarted] = await Promise.all([
    Vm.up(world, 'halted', { strategy: 'Always', ...deaf }),
    Vm.up(world, 'stopped', { strategy: 'RerunOnFailure', ...deaf }),
    Vm.up(world, 'restarted', { strategy: 'Manual', ...deaf }),
  ]);
  const off = Vm.put(world, 'off', { strategy: 'RerunOnFailure', guest: 'off' });
  const panics = { strategy: 'Always', guest: 'panic', devices: ISA_PANIC_DEVICE } as const;
  const crashing = Vm.put(world, 'crashing', panics);
  halted.vm.edit('Halted');
  await stopped.vm.granted('stop');
  await restarted.vm.granted('restart');
  for (const { vm } of [halted, stopped, restarted])
    await vm.until('is asked', (v) => v?.status.instance?.stop?.rung === 'powerdown');
  await off.ended(1);
  const waiting = await crashing.is('CrashLoopBackOff');

  await reboot(world, async () => {
    for (const { vm, live } of [halted, stopped, restarted]) await lost(vm, live);
  });

  for (const { vm } of [halted, stopped]) {
    expect((await vm.ended(1)).verdict.reason).toBe('HostLost');
    await vm.is('Stopped');
  }
  expect((await restarted.vm.ended(1)).verdict.reason).toBe('HostLost');
  await restarted.vm.running(restarted.live.uid);
  await off.is('Stopped');
  expect((await off.status()).runHistory).toHaveLength(1);
  expect((await crashing.is('CrashLoopBackOff')).status.startFailure).toEqual(
    waiting.status.startFailure,
  );
});

test.concurrent('the database went with the host: the directories tell what became of each', async () => {
  await using world = await World.start({ config: BACKOFF });
  const [always, once] = await Promise.all([
    Vm.up(world, 'always', { strategy: 'Always' }),
    Vm.up(world, 'once', { strategy: 'Once' }),
  ]);
  await reboot(world, async () => {
    for (const { vm, live } of [always, once]) await lost(vm, live);
    // As after a crash that the file system did not survive whole.
    writeFileSync(once.vm.paths(once.live.uid).process, '');
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(world.state, `state.db${suffix}`), { force: true });
  });
  expect((await always.vm.ended(1)).verdict.reason).toBe('HostLost');
  await always.vm.running(always.live.uid);
  expect((await once.vm.ended(1)).verdict.reason).toBe('Unknown');
  await once.vm.is('Stopped');
});
