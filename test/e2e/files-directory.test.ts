/** What happens to running guests when files, or the whole VM directory, go away: also while no daemon runs. */
import { existsSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { poll, World } from './daemon-harness.ts';
import { bringUp, eventReasons, untilInfo } from './waiting.ts';

const isWell = (world: World) => untilInfo(world, 'no trouble', (i) => i.warnings.length === 0);

test('a removed file stops its guest gracefully, and then the VM and its traces are gone', async () => {
  await using world = await World.start();
  const uid = await bringUp(world, 'web');
  const traces = [join(world.state, 'instances', uid), join(world.runtime, 'i', uid)];
  expect(traces.map(existsSync)).toEqual([true, true]);
  world.remove('web');
  const leaving = await world.until(
    'web',
    'is leaving',
    (v) => v?.status.printableStatus !== 'Running',
  );
  expect(leaving?.status.printableStatus).toBe('Terminating');
  expect(leaving?.metadata.deletionTimestamp).toBeDefined();
  await world.until('web', 'is gone', (v) => v === undefined);
  expect(await eventReasons(world, 'web')).toEqual(
    expect.arrayContaining(['StopRung', 'StoppedByFile', 'Deleted']),
  );
  expect(world.liveQemus()).toEqual([]);
  await poll('the traces are gone', () => !traces.some(existsSync));
});

test('a VM directory that vanishes, or comes back empty, stops nothing', async () => {
  await using world = await World.start();
  const uid = await bringUp(world, 'web');
  const away = `${world.vms}-away`;

  renameSync(world.vms, away);
  await untilInfo(world, 'the directory is missed', (i) =>
    i.warnings.some((w) => w.includes(`VM directory ${world.vms} does not exist`)),
  );
  mkdirSync(world.vms);
  await untilInfo(world, 'the directory is strange', (i) =>
    i.warnings.some((w) => w.includes('was replaced by an empty one')),
  );
  const { status } = await world.vm('web');
  expect(status).toMatchObject({ printableStatus: 'Running', instance: { uid } });

  rmdirSync(world.vms);
  renameSync(away, world.vms);
  await isWell(world);
  expect((await world.vm('web')).status.instance).toMatchObject({ uid, phase: 'Running' });
  expect(await eventReasons(world, 'web')).not.toContain('Stopping');
  world.remove('web');
  await world.until('web', 'is gone', (v) => v === undefined);
});

test('what became of the files while no daemon ran counts when one starts', async () => {
  await using world = await World.start();
  const [, breaks, stays] = await Promise.all([
    bringUp(world, 'goes'),
    bringUp(world, 'breaks'),
    bringUp(world, 'stays'),
  ]);
  await world.endDaemon('SIGKILL');
  world.remove('goes');
  world.write('breaks', 'kind: VirtualMachine\nspec: {runStrategy: Halted}\n');
  await world.startDaemon();

  await world.until('goes', 'is gone', (v) => v === undefined);
  const broken = await world.vm('breaks');
  expect(broken.status.problems?.length).toBeGreaterThan(0);
  expect(broken.spec['runStrategy']).toBe('Always');
  expect(broken.status.instance?.uid).toBe(breaks);
  expect((await world.vm('stays')).status.instance?.uid).toBe(stays);
  expect(world.liveQemus()).toHaveLength(2);
});

test('a directory that is away when the daemon starts is no removal', async () => {
  await using world = await World.start();
  const uid = await bringUp(world, 'web');
  await world.endDaemon('SIGTERM');
  renameSync(world.vms, `${world.vms}-away`);
  await world.startDaemon();
  await untilInfo(world, 'the directory is missed', (i) => i.warnings.length > 0);
  expect((await world.vm('web')).status.instance?.uid).toBe(uid);

  await world.endDaemon('SIGTERM');
  mkdirSync(world.vms);
  await world.startDaemon();
  await untilInfo(world, 'the directory is strange', (i) => i.warnings.length > 0);
  expect((await world.vm('web')).status.instance?.uid).toBe(uid);

  rmdirSync(world.vms);
  renameSync(`${world.vms}-away`, world.vms);
  await isWell(world);
  const { status } = await world.untilStatus('web', 'Running');
  expect(status.instance?.uid).toBe(uid);
  expect(world.liveQemus()).toHaveLength(1);
});
