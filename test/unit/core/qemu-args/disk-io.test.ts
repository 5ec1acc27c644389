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
