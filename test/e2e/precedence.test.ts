/** The daemon before its guests when processors are short; skipped where the kernel does not deal them out by session. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Inside, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';

const noAutogroups = !existsSync('/proc/self/autogroup');
const isRoot = process.getuid?.() === 0;

const inOwnSession: Inside = (program, ...args) => ['setsid', program, ...args];
const niceOf = (pid: number): string =>
  /nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, 'utf8'))?.[1] ?? '';

/** @returns of the daemon, and of a guest of its */
async function nices(world: World): Promise<readonly string[]> {
  world.write('vm', tinyVm('vm', { strategy: 'Always', guest: 'ignore', grace: 0 }));
  const { status } = await world.untilStatus('vm', 'Running');
  return [world.pid, status.instance?.pid ?? 0].map(niceOf);
}

test.skipIf(noAutogroups || !isRoot)(
  'a daemon of root in a session of its own goes before its guests',
  async () => {
    await using world = await World.start({ inside: inOwnSession });
    expect(await nices(world)).toEqual(['-10', '0']);
  },
);

test.skipIf(noAutogroups)('one in the session of others raises nobody', async () => {
  await using world = await World.start();
  const before = niceOf(process.pid);
  expect(await nices(world)).toEqual([before, '0']);
});
