/** What was done to the files while no daemon ran is known before anything is decided. */
import { expect, test } from 'vitest';
import { poll, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { Vm } from './vm-handle.ts';

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
  const passes = world.log
    .slice(before)
    .split('\n')
    .filter((line) => line.includes('default/zed'));
  expect(passes.map((line) => (JSON.parse(line) as { wanted: string }).wanted)).toEqual(['Halted']);
  const runs = await world.runs('zed');
  expect(runs.map(({ uid, verdict }) => [uid, verdict.reason])).toEqual([
    [live.uid, 'KilledFromOutside'],
  ]);
});
