import { expect, test } from 'vitest';
import type { DiskBus, DiskSpec } from '../../../../src/core/model/storage.ts';
import { volumeTargets } from '../../../../src/core/status/volume-targets.ts';

const disk = (bus: DiskBus): DiskSpec => ({
  name: bus,
  device: 'disk',
  bus,
  readonly: false,
  errorPolicy: 'stop',
  source: { kind: 'emptyDisk', capacityBytes: 1 },
});

test('buses of one driver share its letters', () => {
  const buses: readonly DiskBus[] = ['virtio', 'sata', 'virtio', 'scsi', 'usb'];
  expect(volumeTargets(buses.map(disk))).toEqual(['vda', 'sda', 'vdb', 'sdb', 'sdc']);
});

test('after z come two letters', () => {
  const targets = volumeTargets(Array.from({ length: 703 }, () => disk('virtio')));
  expect([targets[25], targets[26], targets[701], targets[702]]).toEqual([
    'vdz',
    'vdaa',
    'vdzz',
    'vdaaa',
  ]);
});
