/** How QEMU serves a disk. */
import { expect, test } from 'vitest';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { aDisk, anInput, aSpec, prepared } from './builders.ts';
import { device, jsonValues } from './parse-args.ts';

test('a disk with a thread of its own names it, and others share QEMU’s', () => {
  const disks = [aDisk(), aDisk({ name: 'data', dedicatedIoThread: true })];
  const args = buildQemuArgs(anInput({ spec: aSpec({ disks }) }));
  expect(jsonValues(args, '-object')).toEqual([{ 'qom-type': 'iothread', id: 'iothread1' }]);
  expect(device(args, 'disk0')).not.toHaveProperty('iothread');
  expect(device(args, 'disk1')).toMatchObject({ iothread: 'iothread1' });
});

test.for(['native', 'threads', undefined] as const)('io: %s is said of the file alone', (io) => {
  const disk = aDisk();
  const spec = aSpec({ disks: [disk] });
  const disks = [prepared(disk, io === undefined ? {} : { io })];
  const [file, format] = jsonValues(buildQemuArgs(anInput({ spec, disks })), '-blockdev') as [
    { aio?: string },
    object,
  ];
  expect(file.aio).toBe(io);
  expect(format).not.toHaveProperty('aio');
});

test('disks that share threads name them, and each thread is made once', () => {
  const shared = [0, 1, 0].map((sharedIoThread, n) => aDisk({ name: `d${n}`, sharedIoThread }));
  const args = buildQemuArgs(anInput({ spec: aSpec({ disks: shared }) }));
  expect(jsonValues(args, '-object')).toEqual(
    ['pool0', 'pool1'].map((id) => ({ 'qom-type': 'iothread', id })),
  );
  expect(device(args, 'disk2')).toMatchObject({ iothread: 'pool0' });
});

test('sizes of blocks, queues and writers beside it are said of the device', () => {
  const blockSize = { logical: 512, physical: 4096, discardGranularity: 1024 };
  const disks = [aDisk({ blockSize, queues: 4, shareable: true })];
  expect(device(buildQemuArgs(anInput({ spec: aSpec({ disks }) })), 'disk0')).toMatchObject({
    logical_block_size: 512,
    physical_block_size: 4096,
    discard_granularity: 1024,
    'num-queues': 4,
    'share-rw': true,
  });
});

test('a lun passes SCSI commands on, and is told nothing of caches', () => {
  const disk = aDisk({ device: 'lun', bus: 'scsi' });
  const disks = [prepared(disk, { blockDevice: true, cache: 'none' })];
  const args = buildQemuArgs(anInput({ spec: aSpec({ disks: [disk] }), disks }));
  expect(device(args, 'disk0')).toMatchObject({ driver: 'scsi-block', bus: 'scsi0.0' });
  expect(device(args, 'disk0')).not.toHaveProperty('write-cache');
  expect(jsonValues(args, '-blockdev')[0]).toMatchObject({ driver: 'host_device' });
});
