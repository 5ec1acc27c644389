/** A QEMU that has told its end and hangs: stopped by a signal just then, as a hanging one never is by itself. */
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { poll, World } from './daemon-harness.ts';
import { bringUp, eventReasons } from './waiting.ts';

/** QEMU goes on for moments only, so that it hardly gets from telling its end to its end in one of them. */
async function stopInItsEnd(pid: number, paths: InstancePaths): Promise<boolean> {
  try {
    for (;;) {
      process.kill(pid, 'SIGSTOP');
      if (readFileSync(paths.events, 'utf8').includes('SHUTDOWN')) break;
      process.kill(pid, 'SIGCONT');
      Atomics.wait(MOMENT, 0, 0, 0.3);
      await nextTurn();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
  await poll('it has stopped or is gone', () => /^State:\t[TZ]|^$/m.test(statusOf(pid)));
  return /^State:\tT/m.test(statusOf(pid));
}

const MOMENT = new Int32Array(new SharedArrayBuffer(4));

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

/** Starts the VM until its QEMU was caught. @returns the uid of that instance */
async function catchOne(world: World, name: string): Promise<string> {
  for (;;) {
    const uid = await bringUp(world, name);
    const pid = (await world.vm(name)).status.instance?.pid;
    if (pid === undefined) throw new Error(`${name} has no QEMU`);
    expect((await world.command(name, 'stop', { gracePeriod: 3600 })).code).toBe(202);
    const paths = instancePaths(world.state, world.runtime, uid);
    if (await stopInItsEnd(pid, paths)) return uid;
    await world.untilStatus(name, 'Stopped');
  }
}

test.concurrent.for([
  ['the daemon that was told', false],
  ['the next daemon', true],
])('is killed by %s, and its end is what it told', async ([, isNext]) => {
  await using world = await World.start();
  const uid = await catchOne(world, 'hung');
  if (isNext) {
    await world.endDaemon('SIGKILL');
    await world.startDaemon();
  }
  const isIt = (run: { readonly uid: string }): boolean => run.uid === uid;
  const vm = await world.until(
    'hung',
    'has ended',
    (v) => v?.status.runHistory.some(isIt) === true,
  );
  const verdict = vm?.status.runHistory.find(isIt)?.verdict;
  expect(verdict).toMatchObject({ outcome: 'Succeeded', reason: 'StoppedByCommand' });
  const { evidence } = (await world.runs('hung')).find(isIt) ?? {};
  expect(evidence?.exit).toEqual({ kind: 'signaled', signal: 9 });
  expect(await eventReasons(world, 'hung')).toContain('EndHung');
});
