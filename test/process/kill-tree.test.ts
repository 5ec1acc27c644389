import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { InstancePaths } from '../../src/core/paths.ts';
import { waitForExitFile } from '../../src/qemu/exit-file.ts';
import { killTree, signalProcess } from '../../src/qemu/kill-tree.ts';
import { isAlive, readIdentity } from '../../src/qemu/process-identity.ts';
import { spawnQemu } from '../../src/qemu/spawn.ts';
import { instanceDir } from '../support/instance-dir.ts';

/** A process with a child and a grandchild, which does not end because they do; returns once all of them run. */
async function spawnFamily(paths: InstancePaths) {
  const script = 'sh -c "echo \\$\\$; sleep 60 & echo \\$!; wait" & exec sleep 60';
  const identity = await spawnQemu({ paths, qemuPath: '/bin/sh', args: ['-c', script] });
  const pids = (): Promise<string> => readFile(paths.stderr, 'utf8');
  await expect.poll(pids).toMatch(/^\d+\n\d+\n$/);
  const family = (await pids())
    .trim()
    .split('\n')
    .map((pid) => readIdentity(Number(pid)));
  return { identity, family: family.filter((one) => one !== undefined) };
}

test.for([
  ['SIGKILL', 9],
  ['SIGTERM', 15],
] as const)('%s reaches the whole family', async ([signal, number]) => {
  await using dir = await instanceDir();
  const { identity, family } = await spawnFamily(dir.paths);
  expect(family).toHaveLength(2);
  expect(await killTree(identity, signal)).toBe(true);
  expect(await waitForExitFile(dir.paths, identity, 10_000)).toEqual({
    kind: 'signaled',
    signal: number,
  });
  await expect.poll(() => family.some(isAlive)).toBe(false);
});

test('a process without children is killed as well', async () => {
  await using dir = await instanceDir();
  const identity = await spawnQemu({ paths: dir.paths, qemuPath: '/bin/sleep', args: ['60'] });
  expect(await killTree(identity, 'SIGKILL')).toBe(true);
  expect(await waitForExitFile(dir.paths, identity, 10_000)).toEqual({
    kind: 'signaled',
    signal: 9,
  });
  expect(await killTree(identity, 'SIGKILL')).toBe(false);
  expect(signalProcess(identity, 'SIGKILL')).toBe(false);
});

test('nothing is signalled on a pid alone', async () => {
  await using dir = await instanceDir();
  const { identity, family } = await spawnFamily(dir.paths);
  const imposters = [
    { ...identity, startTime: identity.startTime - 1 },
    { ...identity, bootId: '00000000-0000-4000-8000-000000000000' },
  ];
  for (const imposter of imposters) {
    expect(signalProcess(imposter, 'SIGKILL')).toBe(false);
    expect(await killTree(imposter, 'SIGKILL')).toBe(false);
  }
  // Signals are delivered in order: had one of the above come through, this would not be the status.
  expect(await killTree(identity, 'SIGUSR1')).toBe(true);
  expect(await waitForExitFile(dir.paths, identity, 10_000)).toEqual({
    kind: 'signaled',
    signal: 10,
  });
  await expect.poll(() => family.some(isAlive)).toBe(false);
});
