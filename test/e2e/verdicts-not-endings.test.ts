/** What looks like an end and is none: resets of the guest, and a pause on a disk error. */
import { describe, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import type { EventObject } from '../../src/api/contract-event.ts';
import type { ObjectList } from '../../src/api/contract-meta.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { Guest } from './verdict-guest.ts';
import { demoVm, HELD, hostDisk } from './verdict-manifests.ts';
import { smallDisk } from './verdict-small-disk.ts';

const EVENTS = '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D';

async function started(world: World, name: string, text: string): Promise<Guest> {
  world.write(name, text);
  await world.untilStatus(name, 'Stopped');
  await world.command(name, 'start');
  return Guest.find(world, 'watched', name);
}

async function reasons(world: World, name: string): Promise<readonly string[]> {
  const { body } = await world.api('GET', `${EVENTS}${name}`);
  return (body as ObjectList<EventObject>).items.map(({ reason }) => reason);
}

async function newDaemon(world: World): Promise<void> {
  await world.endDaemon('SIGKILL');
  await world.startDaemon();
}

const resets = (vm: VmObject | undefined): number => vm?.status.instance?.resets ?? 0;

const pauseOf = (vm: VmObject | undefined): string | undefined =>
  vm?.status.conditions.find(({ type }) => type === 'Paused')?.reason;

describe.concurrent('what is no end', () => {
  test('a guest that resets itself lives on in the same QEMU, and the reset is counted', async () => {
    await using world = await World.start();
    const text = tinyVm('again', { strategy: 'Manual', guest: 'reset-once' });
    const { pid } = await started(world, 'again', text);
    await world.until('again', 'was reset', (vm) => resets(vm) === 1);
    expect(await reasons(world, 'again')).toContain('GuestReset');
    await newDaemon(world);
    const vm = await world.untilStatus('again', 'Running');
    expect(vm.status).toMatchObject({ instance: { resets: 1, pid }, runHistory: [] });
  });

  test('a reset that no daemon saw is counted by the next one', async () => {
    await using world = await World.start();
    const text = tinyVm('alone', { strategy: 'Manual', guest: 'reset-once', spec: HELD });
    const guest = await started(world, 'alone', text);
    await world.untilStatus('alone', 'Paused');
    await world.endDaemon('SIGKILL');
    await guest.control('cont');
    await guest.untilEvent('RESET');
    await guest.untilConsole('UP');
    await world.startDaemon();
    const vm = await world.untilStatus('alone', 'Running');
    expect(vm.status).toMatchObject({ instance: { resets: 1, pid: guest.pid }, runHistory: [] });
  });

  test('a guest that resets without end is reported, and does not end', async () => {
    await using world = await World.start();
    await started(world, 'loop', tinyVm('loop', { strategy: 'Manual', guest: 'reset' }));
    const vm = await world.until('loop', 'was reset often', (v) => resets(v) >= 6);
    expect(vm?.status).toMatchObject({ printableStatus: 'Running', runHistory: [] });
    const seen = await reasons(world, 'loop');
    expect(seen.filter((reason) => reason === 'RebootLoop')).toHaveLength(1);
    const loops = (v: VmObject | undefined): boolean =>
      v?.status.conditions.some(({ type }) => type === 'RebootLoop') === true;
    await world.until('loop', 'is shown as in a loop', loops);
    await newDaemon(world);
    await world.until('loop', 'is so by the next daemon too', loops);
  });

  test('a disk without room pauses the guest, which is resumed until there is room, by a new daemon too', async ({
    skip,
  }) => {
    await using disk = await smallDisk();
    if (disk === undefined) return skip('no tmpfs can be mounted here');
    await using world = await World.start();
    const text = demoVm('full', {
      args: 'solovirt.fill-disk=vda',
      devices: '          disks: [{name: data, disk: {bus: virtio}}]\n',
      spec: `      volumes:\n${hostDisk(disk.image)}`,
    });
    const guest = await started(world, 'full', text);
    const paused = (vm: VmObject | undefined): boolean => pauseOf(vm) === 'PausedIOError';
    const vm = await world.until('full', 'is paused', paused);
    expect(vm?.status.printableStatus).toBe('Paused');
    // Resumed in vain: the first time at once.
    await guest.untilEvent('STOP', 2);
    await newDaemon(world);
    await world.until('full', 'is still paused', paused);
    expect(await reasons(world, 'full')).toEqual(
      expect.arrayContaining(['DiskError', 'DiskErrorRetry']),
    );
    await disk.makeRoom();
    const resumed = await world.until('full', 'runs again', (v) => pauseOf(v) === undefined);
    await guest.untilConsole('solovirt-guest: filled /dev/vda');
    expect(resumed?.status).toMatchObject({
      printableStatus: 'Running',
      instance: { pid: guest.pid },
      runHistory: [],
    });
  });
});
