import { expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';

test('smoke', async () => {
  await using world = await World.start();
  world.write('web', tinyVm('web', { strategy: 'Manual' }));
  await world.untilStatus('web', 'Stopped');
  expect((await world.command('web', 'start')).code).toBe(202);
  await world.untilStatus('web', 'Running');
  await world.untilConsole('web', 'UP');
  expect((await world.command('web', 'stop')).code).toBe(202);
  const run = await world.untilRuns('web', 1);
  console.log(JSON.stringify(run), world.log);
  expect(run.verdict.reason).toBe('StoppedByCommand');
});
