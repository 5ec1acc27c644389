/** What was done to the files while no daemon ran is known before anything is decided. */
import { existsSync, utimesSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import type { ObjectList } from '../../src/api/contract-meta.ts';
import { poll, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { Vm } from './vm-handle.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';

/** So many that they take longer to read than it takes to notice that a guest is dead. */
const OTHER_FILES = 400;

test('the end of a guest is judged by the file as it is by now', async () => {
  await using world = await World.start();
  for (let i = 0; i < OTHER_FILES; i += 1)
    world.write(`other-${i}`, tinyVm(`other-${i}`, { strategy: 'Halted' }));
  const { vm, live } = await Vm.up(world, 'zed', { strategy: 'Always' });
  await world.endDaemon('SIGKILL');
  process.kill(live.pid, 'SIGKILL');
  vm.edit('Halted');
  await poll('the guest is gone', () => world.liveQemus().length === 0);
  const before = world.log.length;
  await world.startDaemon();
  await vm.is('Stopped');
  const passes = (): readonly string[] =>
    world.log
      .slice(before)
      .split('\n')
      .filter((line) => line.includes('"msg":"pass"') && line.includes('default/zed'));
  await poll('its pass is in the log', () => passes().length > 0);
  expect(passes().map((line) => (JSON.parse(line) as { wanted: string }).wanted)).toEqual([
    'Halted',
  ]);
  const runs = await world.runs('zed');
  expect(runs.map(({ uid, verdict }) => [uid, verdict.reason])).toEqual([
    [live.uid, 'KilledFromOutside'],
  ]);
});

test('whoever asks first sees the VMs of files that came meanwhile', async () => {
  await using world = await World.start();
  await world.endDaemon('SIGTERM');
  const names = Array.from({ length: 20 }, (_, i) => `new-${String(i).padStart(2, '0')}`);
  for (const name of names) {
    world.write(name, tinyVm(name, { strategy: 'Manual' }));
    utimesSync(world.file(name), 1, 1);
  }
  const started = world.startDaemon();
  await poll('it listens', () => existsSync(world.socket));
  const { body } = await world.api('GET', VMS);
  expect((body as ObjectList<VmObject>).items.map(({ metadata }) => metadata.name)).toEqual(names);
  await started;
});

test('a VM whose file is gone is no more started by a new daemon than by the old one', async () => {
  await using world = await World.start();
  world.write('other', tinyVm('other', { strategy: 'Halted' }));
  const { vm } = await Vm.up(world, 'zed', { strategy: 'Manual', guest: 'ignore', grace: 60 });
  world.remove('zed');
  await vm.is('Terminating');
  await world.endDaemon('SIGKILL');
  await startWhileWriting(world, 'late', tinyVm('late', { strategy: 'Halted' }));
  await world.until('late', 'is known', (v) => v !== undefined);
  const { code, body } = await vm.command('start');
  expect([code, body.message]).toEqual([409, 'VM is being deleted']);
});

test('a guest that ended and whose file was removed while no daemon ran is not started again', async () => {
  await using world = await World.start();
  world.write('other', tinyVm('other', { strategy: 'Halted' }));
  const { vm, live } = await Vm.up(world, 'zed', { strategy: 'Always' });
  await world.endDaemon('SIGKILL');
  process.kill(live.pid, 'SIGKILL');
  world.remove('zed');
  await vm.gone(live);
  const before = world.log.length;
  await startWhileWriting(world, 'late', tinyVm('late', { strategy: 'Halted' }));
  await world.until('late', 'is known', (v) => v !== undefined);
  await vm.until('is gone', (v) => v === undefined);
  expect(world.log.slice(before)).not.toContain('"action":"start"');
});

test('a guest goes on while its file is being written as a new daemon starts', async () => {
  await using world = await World.start();
  world.write('other', tinyVm('other', { strategy: 'Halted' }));
  const { vm, live } = await Vm.up(world, 'zed', { strategy: 'Always' });
  await world.endDaemon('SIGKILL');
  await startWhileWriting(world, 'zed', vm.original);
  vm.edit('RerunOnFailure');
  await vm.until('is read', (v) => v?.spec['runStrategy'] === 'RerunOnFailure');
  expect(await vm.eventReasons()).not.toContain('Stopping');
  expect((await vm.running()).uid).toBe(live.uid);
});

/** The file is not settled when the new daemon first looks. */
async function startWhileWriting(world: World, name: string, text: string): Promise<void> {
  const writing = setInterval(() => world.write(name, text), 5);
  await world.startDaemon();
  clearInterval(writing);
}
