/**
 * The state database is lost, or is an older one: whatever ran or had ended is known again from its evidence
 * directory, and nothing is started that its run strategy would have left down.
 */
import { copyFileSync, existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { poll, World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE, tinyVm } from './manifests.ts';
import { type Live, qemuProcesses, Vm } from './vm-handle.ts';
import { eventReasons, untilInfo } from './waiting.ts';

vi.setConfig({ maxConcurrency: 2 });

const BACKOFF = 'backoff: {baseSeconds: 600, capSeconds: 3600}\n';

/** Kills the daemon, takes its database away, and starts another. */
async function withoutRecord(world: World, meanwhile = async (): Promise<void> => {}) {
  await world.endDaemon('SIGKILL');
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(world.state, `state.db${suffix}`), { force: true });
  await meanwhile();
  await world.startDaemon();
}

async function warnings(world: World): Promise<readonly string[]> {
  return (await untilInfo(world, 'it is told', (i) => i.warnings.length > 0)).warnings;
}

test.concurrent('a guest whose VM no file declares runs on, is shown, and goes back to its VM', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
  await withoutRecord(world, async () => world.remove('web'));
  const told = await warnings(world);
  expect(told).toContainEqual(
    expect.stringMatching(
      /^the state database was missing.*; lost: .*; not lost: .*guests that run/,
    ),
  );
  const stray = `a guest of VM default/web runs (pid ${live.pid}, instance ${live.uid})`;
  expect(told).toContainEqual(expect.stringContaining(stray));
  expect(world.log).toContain(stray);
  const refused = await vm.command('stop');
  expect(refused).toMatchObject({ code: 409 });
  expect(refused.body.message).toContain(`\`kill ${live.pid}\``);
  // As the warning advises, for a guest that is to end.
  world.write('web', tinyVm('web', { strategy: 'Halted' }));
  expect((await vm.ended(1)).verdict.reason).toBe('StoppedByFile');
  expect((await vm.status()).runHistory.map(({ uid }) => uid)).toEqual([live.uid]);
  await untilInfo(world, 'the stray is over', (i) => !i.warnings.some((w) => w.includes(live.uid)));
});

test.concurrent('a guest that nobody declares and that is ended by hand is no trouble any more', async () => {
  await using world = await World.start();
  const { live } = await Vm.up(world, 'web', { strategy: 'Always' });
  await withoutRecord(world, async () => world.remove('web'));
  expect(await warnings(world)).toContainEqual(expect.stringContaining(live.uid));
  process.kill(live.pid, 'SIGTERM');
  await untilInfo(world, 'the stray is over', (i) => !i.warnings.some((w) => w.includes(live.uid)));
  // Its end is still there for its VM.
  world.write('web', tinyVm('web', { strategy: 'Once' }));
  const vm = Vm.planned(world, 'web', '');
  expect((await vm.ended(1)).verdict.reason).toBe('TerminatedFromOutside');
  await vm.is('Stopped');
});

test.concurrent('a guest whose directory does not tell its VM is shown, not touched', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Manual' });
  await withoutRecord(world, async () => writeFileSync(vm.paths(live.uid).description, ''));
  expect(await warnings(world)).toContainEqual(
    expect.stringMatching(new RegExp(`^a QEMU runs \\(pid ${live.pid}\\) whose VM cannot be told`)),
  );
  expect(existsSync(vm.paths(live.uid).controlSocket)).toBe(true);
  expect(world.liveQemus()).toEqual([live.pid]);
});

/** How they have ended by the time the database is lost, and what comes of them. */
const ENDED = {
  'once-off': { strategy: 'Once', guest: 'off', ends: ['GuestShutdown'], status: 'Stopped' },
  'rerun-off': {
    strategy: 'RerunOnFailure',
    guest: 'off',
    ends: ['GuestShutdown'],
    status: 'Stopped',
  },
  'once-panic': {
    strategy: 'Once',
    guest: 'panic',
    devices: ISA_PANIC_DEVICE,
    ends: ['GuestPanicked'],
    status: 'Stopped',
  },
  'always-panic': {
    strategy: 'Always',
    guest: 'panic',
    devices: ISA_PANIC_DEVICE,
    ends: ['GuestPanicked', 'GuestPanicked'],
    status: 'CrashLoopBackOff',
  },
} as const;

test.concurrent('runs that had ended are judged again from their directories, and count', async () => {
  await using world = await World.start({ config: BACKOFF });
  const vms = Object.entries(ENDED).map(([name, row]) => ({
    ...row,
    vm: Vm.put(world, name, row),
  }));
  await Promise.all(vms.map(({ vm, status }) => vm.is(status)));
  const before = await Promise.all(vms.map(({ vm }) => vm.status()));
  await withoutRecord(world);
  await Promise.all(vms.map(({ vm, ends }) => vm.ended(ends.length)));
  const after = await Promise.all(vms.map(({ vm, status }) => vm.is(status)));
  for (const [index, { vm, ends }] of vms.entries()) {
    const history = after[index]?.status.runHistory ?? [];
    expect(history.map(({ verdict }) => verdict.reason)).toEqual(ends);
    expect(history.map(({ uid, verdict, endedAt }) => ({ uid, verdict, endedAt }))).toEqual(
      before[index]?.runHistory.map(({ uid, verdict, endedAt }) => ({ uid, verdict, endedAt })),
    );
    expect(await eventReasons(world, vm.name)).toContain('Adopted');
  }
  expect(qemuProcesses(world)).toEqual([]);
  // They are on record now.
  await world.endDaemon('SIGKILL');
  await world.startDaemon();
  for (const { vm, ends } of vms)
    expect((await vm.status()).runHistory.map(({ verdict }) => verdict.reason)).toEqual(ends);
});

test.concurrent('a guest that ends while there is neither daemon nor database is not started again', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'rerun', { strategy: 'RerunOnFailure' });
  await withoutRecord(world, async () => {
    await vm.monitor(live.uid, 'system_powerdown');
    await poll('the guest is down', () => world.liveQemus().length === 0);
  });
  expect((await vm.ended(1)).verdict.reason).toBe('GuestShutdown');
  await vm.is('Stopped');
  expect((await vm.status()).runHistory).toHaveLength(1);
});

test.concurrent('a stop goes on: same rungs, same clock', async () => {
  await using world = await World.start();
  const spec = { strategy: 'Manual', guest: 'ignore', grace: 3 } as const;
  const { vm } = await Vm.up(world, 'deaf', spec);
  await vm.granted('stop');
  const asked = await vm.until('is asked', (v) => v?.status.instance?.stop?.rung === 'powerdown');
  await withoutRecord(world);
  await vm.ended(1);
  const [run] = await world.runs('deaf');
  expect(run?.verdict).toMatchObject({ reason: 'GracePeriodExpired', initiator: 'command' });
  // The button is pressed every five seconds: a clock that began anew would press it again.
  const [first, ...others] = run?.evidence?.intents.map(({ action }) => action) ?? [];
  expect(first).toBe('powerdown');
  expect(others).not.toContain('powerdown');
  const since = Date.parse(asked?.status.instance?.stop?.since ?? '');
  expect(run?.evidence?.intents[1]?.at).toBeGreaterThanOrEqual(since + 3000);
  expect((await vm.is('Stopped')).status.runHistory).toHaveLength(1);
});

test.concurrent('a guest that a command had started paused stays paused', async () => {
  await using world = await World.start();
  const vm = await Vm.known(world, 'paused', { strategy: 'Manual' });
  await vm.granted('start', { paused: true });
  const before = await vm.is('Paused');
  await withoutRecord(world);
  const after = await vm.is('Paused');
  expect(after.status.instance).toMatchObject({
    uid: before.status.instance?.uid,
    runState: 'prelaunch',
  });
});

test.concurrent('a database that is older than a guest: the guest is its VM’s all the same', async () => {
  await using world = await World.start();
  const vm = await Vm.known(world, 'web', { strategy: 'Manual' });
  await vm.is('Stopped');
  await world.endDaemon('SIGTERM');
  const [now, backup] = ['state.db', 'backup'].map((name) => join(world.state, name));
  copyFileSync(now ?? '', backup ?? '');
  await world.startDaemon();
  await vm.granted('start');
  const live: Live = await vm.listening();
  await world.endDaemon('SIGTERM');
  copyFileSync(backup ?? '', now ?? '');
  await world.startDaemon();
  expect(await vm.running()).toEqual(live);
  expect(await vm.command('start')).toMatchObject({ code: 409 });
  expect(qemuProcesses(world)).toHaveLength(1);
});

test.concurrent('one record that cannot be read costs its VM neither guest nor history', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Manual' });
  const done = Vm.put(world, 'done', { strategy: 'Once', guest: 'off' });
  await done.ended(1);
  await world.endDaemon('SIGTERM');
  {
    using database = new DatabaseSync(join(world.state, 'state.db'));
    database.exec("UPDATE vms SET record = '{}'");
  }
  await world.startDaemon();
  expect(await vm.running()).toEqual(live);
  await done.is('Stopped');
  expect((await done.ended(1)).verdict.reason).toBe('GuestShutdown');
  expect((await done.status()).runHistory).toHaveLength(1);
});

test.concurrent('a database of a newer version is set aside, and the guests stay', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
  await world.endDaemon('SIGTERM');
  {
    using database = new DatabaseSync(join(world.state, 'state.db'));
    database.exec('PRAGMA user_version = 99');
  }
  await world.startDaemon();
  expect(await vm.running()).toEqual(live);
  expect((await warnings(world))[0]).toMatch(
    /^the state database could not be used: it was written by a newer solovirt .*moved to .*; lost: .*queued starts.*; not lost: VM files/,
  );
});

test.concurrent('an old end has no say beside a newer run on record', async () => {
  await using world = await World.start();
  const first = Vm.put(world, 'web', { strategy: 'Once', guest: 'off' });
  const { uid } = await first.ended(1);
  await world.endDaemon('SIGTERM');
  {
    // As if the run had been forgotten: a later one is on record.
    using database = new DatabaseSync(join(world.state, 'state.db'));
    database.exec("UPDATE runs SET uid = '00000000-0000-4000-8000-000000000000'");
  }
  const { description } = first.paths(uid);
  utimesSync(description, 1, 1);
  await world.startDaemon();
  const { status } = await first.is('Stopped');
  expect(status.runHistory).toHaveLength(1);
  expect(readdirSync(join(world.state, 'instances'))).toEqual([uid]);
});
