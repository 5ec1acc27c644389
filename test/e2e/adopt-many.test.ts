/** A host full of guests: the next daemon takes all of them over at once, and one that does not answer delays no other. */
import { expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { poll, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { qemuProcesses } from './vm-handle.ts';
import { condition } from './waiting.ts';

/** As many as two slow cores start in reasonable time. */
const GUESTS = 60;
const names = Array.from({ length: GUESTS }, (_, index) => `guest-${index}`);
/** The first to be taken over. */
const STUCK = 'guest-0';

async function vms(world: World): Promise<readonly VmObject[]> {
  return (await world.api('GET', '/apis/kubevirt.io/v1/virtualmachines')).body.items;
}

async function untilAll(
  world: World,
  what: string,
  holds: (vm: VmObject) => boolean,
): Promise<readonly VmObject[]> {
  for (const deadline = Date.now() + 120_000; ; ) {
    const found = await vms(world);
    if (found.length === GUESTS && found.every(holds)) return found;
    if (Date.now() > deadline) {
      const late = found.filter((vm) => !holds(vm)).map(({ metadata }) => metadata.name);
      throw new Error(`not in time: ${what}: ${late.join(' ')}`);
    }
    await new Promise((next) => setTimeout(next, 50));
  }
}

const uids = (found: readonly VmObject[]): readonly (string | undefined)[] =>
  found.map(({ status }) => status.instance?.uid);

test(`${GUESTS} guests, one of them stopped dead`, { timeout: 240_000 }, async () => {
  await using world = await World.start();
  // A few at a time: what is tried here is not how fast QEMU starts.
  for (let from = 0; from < GUESTS; from += 10)
    for (const name of names.slice(from, from + 10))
      world.write(name, tinyVm(name, { strategy: 'Always' }));
  const runs = (vm: VmObject): boolean => vm.status.instance?.runState === 'running';
  const before = await untilAll(world, 'all run', runs);
  const stuck = before.find(({ metadata }) => metadata.name === STUCK);
  const pid = stuck?.status.instance?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await world.endDaemon('SIGKILL');
    await world.startDaemon();
    const isOther = ({ metadata }: VmObject): boolean => metadata.name !== STUCK;
    await world.until(
      STUCK,
      'is known to be silent',
      (vm) => condition(vm, 'MonitorUnresponsive')?.status === 'True',
    );
    // How many have answered by then depends on the host; those who wait for the first would all be silent.
    expect((await vms(world)).filter((vm) => isOther(vm) && runs(vm))).not.toEqual([]);
    const adopted = await untilAll(world, 'all others answer', (vm) => runs(vm) || !isOther(vm));
    expect(uids(adopted)).toEqual(uids(before));
    expect((await world.vm(STUCK)).status.instance).toMatchObject({ pid, phase: 'Running' });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const after = await untilAll(world, 'the silent one answers too', runs);
  expect(uids(after)).toEqual(uids(before));
  expect(qemuProcesses(world)).toHaveLength(GUESTS);
  expect(after.flatMap(({ status }) => status.runHistory)).toEqual([]);
  await poll('it answers', () => world.liveQemus().length === GUESTS);
});
