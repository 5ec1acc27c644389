/** The memory of guests that panic: written, kept, and not kept for ever. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE, type TinyVm } from './manifests.ts';
import { Vm } from './vm-handle.ts';

const PANICS = {
  strategy: 'Manual',
  guest: 'panic',
  devices: ISA_PANIC_DEVICE,
  annotations: { 'panic-dumps': '1' },
} as const satisfies TinyVm;

/** makedumpfile's flattened format, as kdump and crash(8) know it. */
const SIGNATURE = 'makedumpfile';

function dumpOf(vm: Vm, uid: string): string {
  return vm.paths(uid).memoryDump;
}

test('a guest that panics leaves its memory, and only as many dumps as asked for are kept', async () => {
  await using world = await World.start();
  const vm = await Vm.known(world, 'panics', PANICS);
  const uids: string[] = [];
  for (const count of [1, 2]) {
    await vm.granted('start');
    const run = await vm.ended(count);
    expect(run.verdict).toMatchObject({
      outcome: 'Failed',
      reason: 'GuestPanicked',
      initiator: 'guest',
    });
    uids.push(run.uid);
    await vm.untilEvent('MemoryDumped', count);
  }
  const [first = '', second = ''] = uids;
  const dump = readFileSync(dumpOf(vm, second));
  expect(dump.subarray(0, SIGNATURE.length).toString('latin1')).toBe(SIGNATURE);
  expect(dump.length).toBeLessThan(17 * 1024 * 1024);
  expect(existsSync(vm.paths(first).dir)).toBe(true);
  expect(existsSync(dumpOf(vm, first))).toBe(false);
});

test('a panic that no daemon saw leaves a dump once there is one again', async () => {
  await using world = await World.start();
  const vm = await Vm.known(world, 'alone', { ...PANICS, spec: '      startStrategy: Paused\n' });
  await vm.granted('start');
  await vm.is('Paused');
  const { uid = '' } = (await vm.status()).instance ?? {};
  await world.endDaemon('SIGKILL');
  await vm.monitor(uid, 'cont');
  await world.startDaemon();
  const run = await vm.ended(1);
  expect(run).toMatchObject({ uid, verdict: { reason: 'GuestPanicked' } });
  await vm.untilEvent('MemoryDumped');
  expect(existsSync(dumpOf(vm, uid))).toBe(true);
});

test('a guest that ends otherwise leaves none', async () => {
  await using world = await World.start();
  const vm = await Vm.known(world, 'obeys', { ...PANICS, guest: 'obey', devices: '' });
  await vm.granted('start');
  const live = await vm.listening();
  expect(existsSync(dumpOf(vm, live.uid))).toBe(true);
  await vm.granted('stop');
  expect((await vm.ended(1)).verdict.reason).toBe('StoppedByCommand');
  await vm.gone(live);
  expect(existsSync(vm.paths(live.uid).dir)).toBe(true);
  expect(existsSync(dumpOf(vm, live.uid))).toBe(false);
});
