/** `start-after` and `start-delay` on real guests, and the order in which draining stops them. */
import { describe, expect, test, vi } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { Vm } from './vm-handle.ts';

// Each has a daemon of its own, and most of its time is waiting for guests.
vi.setConfig({ maxConcurrency: 4 });

/** Comes up without running guest code, until it is unpaused. */
const NOT_YET = '      startStrategy: Paused\n';

const startAfter = (names: string) =>
  ({ strategy: 'Always', annotations: { 'start-after': names } }) as const;

function isHeld(vm: VmObject | undefined): boolean {
  return vm?.status.held !== undefined;
}

function problems(vm: VmObject | undefined): readonly string[] {
  return (vm?.status.problems ?? []).map(
    ({ severity, code, line, column, message }) =>
      `${line}:${column} ${severity} ${code}: ${message}`,
  );
}

const instant = (text: string | undefined): number => Date.parse(text ?? '');

describe('a start by the run strategy', () => {
  test.concurrent('waits until all that the VM names run, from one end of the chain to the other', async () => {
    await using world = new World();
    // The last of the chain is the first that the daemon reads.
    const a = Vm.put(world, 'a', startAfter('b, c'));
    const b = Vm.put(world, 'b', startAfter('c'));
    const c = Vm.put(world, 'c', { strategy: 'Always', spec: NOT_YET });
    await world.startDaemon();
    await c.is('Paused');
    const waiting = await b.until('is held up', isHeld);
    expect(waiting?.status.held).toEqual({ by: 'start-after', message: 'waiting for c to run' });
    expect(waiting?.status.printableStatus).toBe('Starting');
    expect((await a.until('is held up', isHeld))?.status.held?.message).toBe(
      'waiting for b and c to run',
    );
    expect((await cli(world, 'describe', 'b')).stdout).toMatch(
      /^Status: +Starting \(waiting for c to run\)$/m,
    );
    expect((await cli(world, 'list')).stdout).toMatch(
      /^a +Starting .*waiting for b and c to run$/m,
    );
    expect(world.liveQemus()).toHaveLength(1);

    expect((await c.instance('unpause')).code).toBe(200);
    await a.listening();
    const { status } = await world.vm('a');
    expect(status).not.toHaveProperty('held');
    const before = (await b.status()).instance?.runningAt;
    expect(instant(status.instance?.startedAt)).toBeGreaterThanOrEqual(instant(before));
  });

  test.concurrent('does not wait for what is not going to run', async () => {
    await using world = new World();
    const names = ['halted', 'manual', 'nobody', 'invalid', 'fails'];
    Vm.put(world, 'halted', { strategy: 'Halted' });
    Vm.put(world, 'manual', { strategy: 'Manual' });
    Vm.put(world, 'invalid', tinyVm('invalid', { strategy: 'Always' }).replace('Always', 'Alway'));
    const fails = tinyVm('fails', { strategy: 'Always' }).replace('tiny:obey', 'tiny:missing');
    const looping = Vm.put(world, 'fails', fails);
    const web = Vm.put(world, 'web', startAfter(names.join(' ')));
    await world.startDaemon();
    await web.listening();
    // It was tried before, and is to be tried again.
    expect((await looping.ended(1)).verdict.reason).toBe('LaunchFailed');
  });

  test.concurrent.for<readonly [string, (db: Vm) => Promise<unknown>]>([
    ['is stopped', (db) => db.granted('stop')],
    ['is removed', async (db) => db.world.remove(db.name)],
    ['ends for good', async (db) => db.kill()],
  ])('goes on when the awaited VM %s', async ([, happens]) => {
    await using world = await World.start();
    const db = Vm.put(world, 'db', { strategy: 'Once', spec: NOT_YET });
    await db.is('Paused');
    const web = Vm.put(world, 'web', startAfter('db'));
    await web.until('is held up', isHeld);
    await happens(db);
    await web.listening();
  });

  test.concurrent('goes on waiting under the next daemon', async () => {
    await using world = await World.start();
    const db = Vm.put(world, 'db', { strategy: 'Always', spec: NOT_YET });
    await db.is('Paused');
    const web = Vm.put(world, 'web', startAfter('db'));
    await web.until('is held up', isHeld);
    await world.endDaemon('SIGKILL');
    await world.startDaemon();
    await db.is('Paused');
    expect((await web.until('is held up', isHeld))?.status.held?.by).toBe('start-after');
    await db.instance('unpause');
    await web.listening();
  });

  test.concurrent('waits for the delay after the last that came up', async () => {
    await using world = await World.start();
    const db = await Vm.up(world, 'db', { strategy: 'Always' });
    const ready = instant((await db.vm.status()).instance?.runningAt);
    const delayed = { 'start-after': 'db', 'start-delay': '6s' };
    const web = Vm.put(world, 'web', { strategy: 'Always', annotations: delayed });
    await web.listening();
    const { startedAt } = (await web.status()).instance ?? {};
    expect(instant(startedAt)).toBeGreaterThanOrEqual(ready + 6000);
  });

  test.concurrent('says when the delay is over, and a command does not wait for it', async () => {
    await using world = await World.start();
    const db = await Vm.up(world, 'db', { strategy: 'Always' });
    const delayed = { 'start-after': 'db', 'start-delay': '1h' };
    const web = Vm.put(world, 'web', { strategy: 'Always', annotations: delayed });
    const { held } = (await web.until('is held up', isHeld))?.status ?? {};
    expect(held).toMatchObject({ by: 'start-delay' });
    const { runningAt } = (await db.vm.status()).instance ?? {};
    expect(Math.abs(instant(held?.until) - instant(runningAt) - 3_600_000)).toBeLessThan(1000);
    expect((await cli(world, 'describe', 'web')).stdout).toMatch(
      /^Status: +Starting \(starts in /m,
    );
    await web.granted('start');
    await web.listening();
  });
});

describe('a start by command', () => {
  test.concurrent('is not held up', async () => {
    await using world = await World.start();
    const db = Vm.put(world, 'db', { strategy: 'Always', spec: NOT_YET });
    await db.is('Paused');
    const always = Vm.put(world, 'always', startAfter('db'));
    await always.until('is held up', isHeld);
    await always.granted('start');
    await always.listening();
    const manual = await Vm.known(world, 'manual', { ...startAfter('db'), strategy: 'Manual' });
    await manual.granted('start');
    await manual.listening();
  });
});

describe('the names in start-after', () => {
  test.concurrent('that go round in a circle are told of at each VM, and hold nobody up', async () => {
    await using world = new World();
    const vms = [
      Vm.put(world, 'a', startAfter('b')),
      Vm.put(world, 'b', startAfter('c')),
      Vm.put(world, 'c', startAfter('a')),
    ];
    await world.startDaemon();
    for (const vm of vms) await vm.listening();
    const opened = 'so that it does not wait for ever, c is started without waiting for a';
    const ways = ['a → b → c → a', 'b → c → a → b', 'c → a → b → c'];
    for (const [index, way] of ways.entries())
      expect(problems(await world.vm('abc'.charAt(index)))).toEqual([
        `7:30 warning start-after-cycle: start-after goes round in a circle: ${way}; ${opened}`,
      ]);

    // Another file cures it.
    world.write('b', tinyVm('b', { strategy: 'Always' }));
    for (const vm of vms) await vm.until('is sound', (v) => problems(v).length === 0);
    expect((await world.vm('a')).status.printableStatus).toBe('Running');
  });

  test.concurrent('that nobody declares are told of, until somebody does', async () => {
    await using world = await World.start();
    const web = Vm.put(world, 'web', startAfter('bd prod/db'));
    await Vm.known(world, 'db', { strategy: 'Manual' });
    const found = await web.until('has a hint', (v) => problems(v).join().includes('did you mean'));
    expect(problems(found)).toEqual([
      '7:30 warning start-after-unknown: no VM file declares bd, so it is not waited for; did you mean "db"?',
      '7:30 warning start-after-unknown: no VM file declares prod/db, so it is not waited for',
    ]);
    await web.listening();
    Vm.put(world, 'bd', { strategy: 'Manual' });
    await web.until('has one problem', (v) => problems(v).length === 1);
    world.remove('bd');
    await web.until('has two again', (v) => problems(v).length === 2);
    expect((await cli(world, 'list')).stderr).toContain('web: 2 problems in its file');
  });
});

describe('draining', () => {
  test.concurrent('stops a guest only when all that depend on it are down', async () => {
    await using world = await World.start();
    const nfs = await Vm.up(world, 'nfs', { strategy: 'Always' });
    const db = await Vm.up(world, 'db', { ...startAfter('nfs'), guest: 'slow' });
    const web = await Vm.up(world, 'web', { ...startAfter('db, nfs'), guest: 'slow' });
    const alone = await Vm.up(world, 'alone', { strategy: 'Always', guest: 'slow' });
    await world.api('PUT', '/apis/solovirt.io/v1/drain');
    await web.vm.is('Stopping');
    await alone.vm.is('Stopping');
    const waits = await nfs.vm.until('waits for its turn', isHeld);
    expect(waits?.status).toMatchObject({
      printableStatus: 'Running',
      held: { by: 'stop-order', message: 'draining: waiting for db and web to be down' },
    });
    const [first, second, third] = [
      await web.vm.ended(1),
      await db.vm.ended(1),
      await nfs.vm.ended(1),
    ];
    for (const run of [first, second, third]) expect(run.verdict.reason).toBe('HostShutdown');
    // Intents are written when a guest is asked.
    const asked = async (vm: Vm): Promise<number> =>
      (await world.runs(vm.name))[0]?.evidence?.intents[0]?.at ?? 0;
    expect(await asked(db.vm)).toBeGreaterThanOrEqual(instant(first.endedAt));
    expect(await asked(nfs.vm)).toBeGreaterThanOrEqual(instant(second.endedAt));
  });

  test.concurrent('stops a circle of VMs, too', async () => {
    await using world = await World.start();
    const vms = [Vm.put(world, 'a', startAfter('b')), Vm.put(world, 'b', startAfter('a'))];
    for (const vm of vms) await vm.listening();
    expect((await cli(world, 'drain', '--wait')).code).toBe(0);
    for (const vm of vms) expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
  });
});
