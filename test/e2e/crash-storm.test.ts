/**
 * A daemon that is killed again and again while files and commands come in without a pause: whatever they were,
 * every VM comes to rest in a state that its file explains. Seeded: a failure names its seed.
 */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { RUN_STRATEGIES } from '../../src/core/model/virtual-machine.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { eventually, qemuProcesses, Vm, withStrategy } from './vm-handle.ts';

/** Put the seed of a failure in its place to see what it drew. */
const SEED = Date.now() % 1_000_000;
const KILLS = 8;
const VMS = 6;

type Draw = (below: number) => number;

/** mulberry32 */
function randomFrom(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Its answer may be anything, or none: the daemon may be dead. */
async function act(vm: Vm, draw: Draw): Promise<number | undefined> {
  const code = (answer: Promise<{ code: number }>) =>
    answer.then(
      (a) => a.code,
      () => undefined,
    );
  const strategy = RUN_STRATEGIES[draw(RUN_STRATEGIES.length)] ?? 'Manual';
  switch (draw(8)) {
    case 0:
    case 1:
      return code(vm.command('start', { paused: draw(4) === 0 }));
    case 2:
      return code(vm.command('stop', draw(2) === 0 ? { gracePeriod: 0 } : {}));
    case 3:
      return code(vm.command('restart'));
    case 4:
      return code(vm.instance('softreboot'));
    case 5:
      return code(vm.instance(draw(2) === 0 ? 'reset' : 'unpause'));
    case 6:
      vm.kill();
      return undefined;
    default:
      vm.world.write(vm.name, withStrategy(vm.original, strategy));
      return undefined;
  }
}

test(`kills and commands at random, seed ${SEED}`, async () => {
  const draw = randomFrom(SEED);
  await using world = await World.start({ config: 'backoff: {baseSeconds: 1, capSeconds: 1}\n' });
  const vms = Array.from({ length: VMS }, (_, index) => {
    const name = `storm-${index}`;
    const guest = (['obey', 'reset-once', 'off-after'] as const)[index % 3] ?? 'obey';
    return Vm.put(world, name, tinyVm(name, { strategy: 'Always', guest, grace: 2 }));
  });
  await Promise.all(vms.map((vm) => vm.until('is known', (v) => v !== undefined)));
  const codes = new Set<number>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const acts = Array.from({ length: 12 }, async () => {
      const vm = vms[draw(VMS)];
      const wait = draw(300);
      if (vm === undefined) return;
      await sleep(wait);
      const code = await act(vm, draw);
      if (code !== undefined) codes.add(code);
    });
    await sleep(draw(350));
    await world.endDaemon('SIGKILL');
    expectNoTwins(world);
    await Promise.all(acts);
    await world.startDaemon();
  }
  // 503: its QEMU was just gone. Nothing else is anybody's fault but the daemon's.
  expect([...codes].filter((code) => ![200, 202, 409, 503].includes(code))).toEqual([]);
  for (const vm of vms) world.write(vm.name, withStrategy(vm.original, 'Halted'));
  await Promise.all(vms.map((vm) => vm.is('Stopped')));
  await eventually('all is down', async () => qemuProcesses(world).length === 0);
  for (const vm of vms) expect(vm.text()).toBe(withStrategy(vm.original, 'Halted'));
  const sockets = `${world.runtime}/i`;
  // What an end leaves behind is cleared away after it was told.
  await expect.poll(() => (existsSync(sockets) ? readdirSync(sockets) : [])).toEqual([]);
  expect(readdirSync(world.vms).sort()).toEqual(vms.map(({ name }) => `${name}.yaml`));
  await expectHistories(world, vms);
});

function expectNoTwins(world: World): void {
  const names = qemuProcesses(world).map(({ vm }) => vm);
  expect(names).toEqual([...new Set(names)]);
}

/** One verdict for each instance, and one that is known. */
async function expectHistories(world: World, vms: readonly Vm[]): Promise<void> {
  for (const { name } of vms) {
    const runs = await world.runs(name);
    expect(new Set(runs.map(({ uid }) => uid)).size).toBe(runs.length);
    expect(runs.filter(({ verdict }) => verdict.reason === 'Unknown')).toEqual([]);
  }
}
