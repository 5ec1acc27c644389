/**
 * `kill -9` of the daemon, a while after something began, and a new daemon: the end is the same as without. Each
 * round triggers every scenario at once and kills the daemon after another while; what earlier rounds began goes on
 * through the later kills.
 */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { type End, Play, SCENARIOS } from './crash-scenarios.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { qemuProcesses, Vm, withStrategy } from './vm-handle.ts';

/** Milliseconds from the triggers to the kill: through the command, the launch or the stop, and after. */
const DELAYS = [0, 10, 40, 120, 400];

const DEADLINE_MS = 40_000;

function playsOf(world: World, round: number): readonly Play[] {
  return Object.entries(SCENARIOS).map(([scenario, row]) => {
    const name = `${scenario}-${round}`;
    return new Play(Vm.planned(world, name, tinyVm(name, row.spec)), row);
  });
}

/** Never two, at any moment. */
function expectNoTwins(world: World): void {
  const names = qemuProcesses(world).map(({ vm }) => vm);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
}

async function settled(play: Play): Promise<End | string> {
  const allowed = await play.allowed();
  const giveUp = Date.now() + DEADLINE_MS;
  for (;;) {
    const end = await play.end();
    if (allowed.some((one) => isDeepStrictEqual(one, end))) return end as End;
    if (Date.now() > giveUp)
      return `${play.vm.name}: ${JSON.stringify(end)} instead of ${JSON.stringify(allowed)}`;
    await sleep(100);
  }
}

async function expectEnds(plays: readonly Play[]): Promise<void> {
  const ends = await Promise.all(plays.map(settled));
  expect(ends.filter((end) => typeof end === 'string')).toEqual([]);
  // Nothing moves any more.
  expect(await Promise.all(plays.map((play) => play.end()))).toEqual(ends);
}

/** Only the strategy's word was written, and nothing is left beside the files. */
function expectFiles(
  world: World,
  plays: readonly Play[],
  ends: readonly (End | undefined)[],
): void {
  const expected = plays.flatMap(({ vm }, index) => {
    const file = ends[index]?.file;
    if (file === undefined || file === 'removed') return [];
    expect(vm.text()).toBe(withStrategy(vm.original, file));
    return [`${vm.name}.yaml`];
  });
  expect(readdirSync(world.vms).sort()).toEqual(expected.sort());
}

/** Each QEMU, socket directory and evidence directory belongs to what the daemon shows. */
async function expectNoLeftovers(world: World, plays: readonly Play[]): Promise<void> {
  const { body } = await world.api('GET', '/apis/kubevirt.io/v1/virtualmachines');
  const statuses: { instance?: { uid: string; pid: number }; runHistory: { uid: string }[] }[] =
    body.items.map((item: { status: object }) => item.status);
  const live = statuses.flatMap(({ instance }) => (instance === undefined ? [] : [instance]));
  const uids = live.map(({ uid }) => uid).sort();
  const known = new Set([...uids, ...statuses.flatMap((s) => s.runHistory.map(({ uid }) => uid))]);

  expectNoTwins(world);
  expect(
    qemuProcesses(world)
      .map(({ pid }) => pid)
      .sort(),
  ).toEqual(live.map(({ pid }) => pid).sort());
  // What an end leaves behind is cleared away after it was told.
  await expect.poll(() => readdirSync(`${world.runtime}/i`).sort()).toEqual(uids);
  const directories = (): string[] => readdirSync(`${world.state}/instances`);
  await expect.poll(() => directories().filter((uid) => !known.has(uid))).toEqual([]);
  const ended = directories().filter((uid) => !uids.includes(uid));
  const files = (): string[] =>
    ended.flatMap((uid) => readdirSync(`${world.state}/instances/${uid}`));
  await expect.poll(() => files().filter((name) => name.includes('.qcow2'))).toEqual([]);
  expect(new Set(uids).size).toBe(uids.length);
  for (const { vm, live: before } of plays)
    if (before !== undefined)
      expect(existsSync(vm.paths(before.uid).dir)).toBe(known.has(before.uid));
}

/** Takes a round away, whatever its guests say to that. */
async function clear(world: World, plays: readonly Play[]): Promise<void> {
  const left = plays.filter(({ vm }) => existsSync(world.file(vm.name)));
  for (const { vm } of left) world.remove(vm.name);
  await Promise.all(
    left.map(async ({ vm }) => {
      await vm.until('is on its way out', (v) => v?.metadata.deletionTimestamp !== undefined || !v);
      vm.kill();
      await vm.until('is gone', (v) => v === undefined);
    }),
  );
}

test('whatever was under way comes to the same end', async () => {
  await using world = await World.start({
    config: 'backoff: {baseSeconds: 600, capSeconds: 3600}\n',
  });
  let earlier: readonly Play[] = [];
  for (const [round, delay] of DELAYS.entries()) {
    const plays = playsOf(world, round);
    await Promise.all(plays.map((play) => play.prepare()));
    for (const play of plays) play.trigger();
    await sleep(delay);
    await world.endDaemon('SIGKILL');
    expectNoTwins(world);
    await world.startDaemon();
    await expectEnds(earlier);
    await clear(world, earlier);
    earlier = plays;
  }
  await expectEnds(earlier);
  expectFiles(world, earlier, await Promise.all(earlier.map((play) => play.end())));
  await expectNoLeftovers(world, earlier);
  await clear(world, earlier);
  expect(qemuProcesses(world)).toEqual([]);
  await expect.poll(() => readdirSync(`${world.runtime}/i`)).toEqual([]);
  await expect.poll(() => readdirSync(`${world.state}/instances`)).toEqual([]);
});
