/** `solovirt drain`: over the socket, and where nobody serves it. */
import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { World } from './daemon-harness.ts';
import { cli, Follower, type Ran } from './run-main.ts';
import { Vm } from './vm-handle.ts';

// Each has a daemon of its own, and most of its time is waiting for guests.
vi.setConfig({ maxConcurrency: 4 });

/** Longer than any test: a stop that ends within it ended otherwise. */
const LONG_GRACE = 600;

/** As a system without a daemon would call it. */
function alone(world: World, ...args: readonly string[]): Promise<Ran> {
  return cli(world, 'drain', '--state', world.state, '--runtime', world.runtime, ...args);
}

describe('solovirt drain', () => {
  test.concurrent('--wait tells who still runs, until nobody does', async () => {
    await using world = await World.start();
    await Vm.up(world, 'b', { strategy: 'Always', guest: 'slow' });
    await Vm.up(world, 'a', { strategy: 'Always', guest: 'ignore', grace: 5 });
    const { code, stdout, stderr } = await cli(world, 'drain', '--wait');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'draining, nothing is started any more; 2 guests are being stopped: a, b',
      '2 guests still run: a, b',
      '1 guest still runs: a',
      'all guests are down',
      '',
    ]);
    const refused = await cli(world, 'start', 'a');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('solovirt is draining: nothing is started');
    expect(refused.stderr).toContain('`solovirt drain --cancel` ends it');
    expect((await cli(world, 'info')).stderr).toContain('warning: draining since');
    expect((await cli(world, 'list')).stdout).toMatch(
      /^a +Stopped .*draining: nothing is started/m,
    );
  });

  test.concurrent('--wait gives up at its limit, and draining goes on', async () => {
    await using world = await World.start();
    const deaf = { strategy: 'Always', guest: 'ignore', grace: LONG_GRACE } as const;
    await Vm.up(world, 'deaf', deaf);
    const { code, stderr } = await cli(world, 'drain', '--wait=200ms');
    expect(code).toBe(1);
    expect(stderr).toContain('error: 1 guest still runs: deaf after 0s\nDraining goes on');
  });

  test.concurrent('--dry-run and --cancel', async () => {
    await using world = await World.start();
    const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
    expect((await cli(world, 'drain', '--dry-run')).stdout).toBe(
      'Dry run: 1 guest would be stopped: web\n',
    );
    expect((await cli(world, 'drain', '--cancel')).stdout).toBe('the host is not being drained\n');
    expect(await vm.running()).toEqual(live);
    await cli(world, 'drain', '--wait');
    expect((await cli(world, 'drain', '--cancel')).stdout).toBe(
      'draining is over: run strategies act again\n',
    );
    await vm.running(live.uid);
  });

  test.concurrent('without a daemon stops the guests itself, each within its grace period', async () => {
    await using world = await World.start();
    const obeys = await Vm.up(world, 'obeys', { strategy: 'Always' });
    const slow = await Vm.up(world, 'slow', { strategy: 'Manual', guest: 'slow' });
    const deaf = { strategy: 'RerunOnFailure', guest: 'ignore', grace: 1 } as const;
    const ignores = await Vm.up(world, 'ignores', deaf);
    const stopping = await Vm.up(world, 'stopping', { strategy: 'Always', guest: 'slow' });
    await stopping.vm.granted('stop');
    await world.endDaemon('SIGKILL');
    const { code, stdout, stderr } = await alone(world);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'no daemon runs, so this command stops the guests itself',
      '4 guests still run: ignores, obeys, slow, stopping',
    ]);
    expect(lines.at(-1)).toBe('all guests are down');
    expect(world.liveQemus()).toEqual([]);

    // It leaves nothing in the way of the next daemon, which goes by the strategies.
    await world.startDaemon();
    for (const { vm } of [obeys, slow, ignores])
      expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
    expect((await stopping.vm.ended(1)).verdict.reason).toBe('StoppedByCommand');
    for (const { vm, live } of [obeys, ignores]) await vm.running(live.uid);
    for (const { vm } of [slow, stopping]) await vm.is('Stopped');
  });

  test.concurrent('without a daemon and without guests has nothing to do, and leaves no trace', async () => {
    await using world = new World();
    expect(await alone(world)).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(world.state)).toBe(false);
    await world.startDaemon();
    await world.endDaemon('SIGTERM');
    const { code, stdout } = await alone(world);
    expect({ code, last: stdout.trim().split('\n').at(-1) }).toEqual({
      code: 0,
      last: 'all guests are down',
    });
    expect((await alone(world, '--cancel')).code).toBe(3);
  });

  test.concurrent('without a daemon gives up at its limit, and the next daemon goes on with the stop', async () => {
    await using world = await World.start();
    const deaf = { strategy: 'Manual', guest: 'ignore', grace: 4 } as const;
    const { vm, live } = await Vm.up(world, 'deaf', deaf);
    await world.endDaemon();
    expect((await alone(world, '--dry-run')).stdout).toContain('1 guest would be stopped: deaf\n');
    const { code, stderr } = await alone(world, '--wait=500ms');
    expect(code).toBe(1);
    expect(stderr).toContain('error: 1 guest still runs: deaf\nNobody watches them now');
    expect(world.liveQemus()).toEqual([live.pid]);
    await world.startDaemon();
    expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
  });

  test.concurrent('without a daemon where one only serves another socket says so', async () => {
    await using world = await World.start();
    const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
    const { code, stderr } = await alone(world, '--socket', `${world.dir}/other`);
    expect(code).toBe(1);
    expect(stderr).toContain(`another daemon (pid ${world.pid}) is running on state directory`);
    expect(stderr).toContain(`It does not serve ${world.dir}/other: name its socket with --socket`);
    expect(await vm.running()).toEqual(live);
  });

  test.concurrent('goes on by itself when the daemon dies while it waits', async () => {
    await using world = await World.start();
    const { vm } = await Vm.up(world, 'slow', { strategy: 'Always', guest: 'slow' });
    await using follower = new Follower(
      world,
      ...['drain', '--wait', '--state', world.state, '--runtime', world.runtime],
    );
    await follower.until('1 guest still runs: slow');
    await world.endDaemon('SIGKILL');
    await follower.until('no daemon runs, so this command stops the guests itself');
    await follower.until('all guests are down');
    expect(world.liveQemus()).toEqual([]);
    await world.startDaemon();
    expect((await vm.ended(1)).verdict.reason).toBe('HostShutdown');
  });
});
