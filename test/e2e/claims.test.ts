/** Persistent disks, as the guests that write to them see it. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tinyImage } from '../support/guests.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { type Live, Vm } from './vm-handle.ts';

const images = mkdtempSync(join(tmpdir(), 'claims-'));
const file = join(images, '_claims/default/web-root.img');
let world: World;

beforeAll(async () => {
  // Guests have users of their own, who must get through.
  chmodSync(images, 0o711);
  mkdirSync(join(images, '_claims/default'), { recursive: true });
  copyFileSync(tinyImage('witness'), file);
  world = await World.start({ images });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(images, { recursive: true, force: true });
});

function claimVm(name: string, source: string, disk = ''): string {
  return tinyVm(name, { strategy: 'Manual' })
    .replace(/ {10}containerDisk: .*/, `          ${source}`)
    .replace('disk: {bus: virtio}', `disk: {bus: virtio}${disk}`);
}

/** How often its disk has been booted from, as the guest says (images/README.md). */
async function boots(vm: Vm, live: Live): Promise<number> {
  await vm.says(live, 'STILL');
  const text = readFileSync(vm.paths(live.uid).console, 'latin1');
  return Number.parseInt(/UP \w+ (\w+)/.exec(text)?.[1] ?? '', 16);
}

async function run(vm: Vm): Promise<number> {
  await vm.granted('start');
  const count = await boots(vm, await vm.running());
  await vm.granted('stop', { gracePeriod: 0 });
  await vm.is('Stopped');
  return count;
}

test('what a guest writes to a claim is there in the next run, and for the VM that comes after it', async () => {
  const source = 'persistentVolumeClaim: {claimName: web-root}';
  const own = '\n              io: threads\n              dedicatedIOThread: true';
  const first = await Vm.known(world, 'first', claimVm('first', source, own));
  expect([await run(first), await run(first)]).toEqual([1, 2]);

  const throwAway = `ephemeral: {${source}}`;
  const overlay = await Vm.known(world, 'overlay', claimVm('overlay', throwAway));
  expect([await run(overlay), await run(overlay)]).toEqual([3, 3]);

  world.remove('first');
  await first.until('is gone', (vm) => vm === undefined);
  const second = await Vm.known(world, 'second', claimVm('second', 'dataVolume: {name: web-root}'));
  expect(await run(second)).toBe(3);
});

test('two guests cannot write to one claim, and the second is told who has it', async () => {
  const source = 'persistentVolumeClaim: {claimName: web-root}';
  const holder = await Vm.known(world, 'holder', claimVm('holder', source));
  await holder.granted('start');
  await holder.running();
  const other = await Vm.known(world, 'other', claimVm('other', source));
  await other.granted('start');
  const { verdict } = await other.ended(1);
  expect(verdict.reason).toBe('LaunchFailed');
  expect(verdict.message).toContain('holder');
});

test('two guests that say so write to one raw disk at once; a qcow2 image and a lun that is a file are refused', async () => {
  copyFileSync(tinyImage('witness'), join(images, '_claims/default/both.img'));
  copyFileSync(tinyImage('witness'), join(images, '_claims/default/tables.qcow2'));
  const source = (claim: string) => `persistentVolumeClaim: {claimName: ${claim}}`;
  const shareable = '\n              shareable: true';
  const vms = await Promise.all(
    ['left', 'right'].map((name) =>
      Vm.known(world, name, claimVm(name, source('both'), shareable)),
    ),
  );
  for (const vm of vms) {
    await vm.granted('start');
    await vm.running();
  }
  for (const vm of vms) {
    await vm.is('Running');
    await vm.granted('stop', { gracePeriod: 0 });
  }

  const tables = await Vm.known(world, 'tables', claimVm('tables', source('tables'), shareable));
  await tables.granted('start');
  const lun = claimVm('lun', source('both')).replace('disk: {bus: virtio}', 'lun: {}');
  await (await Vm.known(world, 'lun', lun)).granted('start');
  const words = async (name: string) => (await world.untilRuns(name, 1)).verdict.message;
  expect(await words('tables')).toContain('what is shareable is raw');
  expect(await words('lun')).toContain('a lun is a raw block device, and ');
});
