/** How a disk is served, as its guest sees it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';

const EXAMPLE = new URL('../../vms/disk-tuning.yaml', import.meta.url);

test('sizes of blocks and queues are those that the example asks for', async () => {
  await using world = await World.start();
  world.write('disk-tuning', readFileSync(EXAMPLE, 'utf8'));
  await world.untilStatus('disk-tuning', 'Stopped');
  await world.command('disk-tuning', 'start');
  using shell = await guestShell(world, 'disk-tuning');
  expect(await shell.run('cat /sys/block/vda/queue/logical_block_size')).toBe('4096');
  expect(await shell.run('ls /sys/block/vda/mq')).toBe('0 1');
}, 300_000);
