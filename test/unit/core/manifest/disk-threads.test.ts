/** Which threads serve which disks. */
import { expect, test } from 'vitest';
import { withThreads } from '../../../../src/core/manifest/sections/disk-threads.ts';
import { aDisk } from '../qemu-args/builders.ts';

const CPU = { sockets: 1, cores: 2, threads: 1, model: 'max' };
const virtio = (count: number) => Array.from({ length: count }, () => aDisk({ bus: 'virtio' }));
const own = aDisk({ bus: 'virtio', dedicatedIoThread: true });

test.for([
  ['none', undefined, virtio(2), [undefined, undefined]],
  ['one for all', 'shared', virtio(3), [0, 0, 0]],
  ['one for each', 'auto', virtio(3), [0, 1, 2]],
  ['no more than two for each CPU', 'auto', virtio(5), [0, 1, 2, 3, 0]],
  [
    'fewer beside dedicated ones',
    'auto',
    [own, own, ...virtio(3)],
    [undefined, undefined, 0, 1, 0],
  ],
  [
    'one at least',
    'auto',
    [own, own, own, own, own, ...virtio(1)],
    [...Array.from({ length: 5 }, () => undefined), 0],
  ],
  ['none for another bus', 'auto', [aDisk({ bus: 'sata' }), ...virtio(1)], [undefined, 0]],
] as const)('%s', ([, policy, disks, threads]) => {
  const found = withThreads(disks, CPU, { policy, multiQueue: false });
  expect(found.map(({ sharedIoThread }) => sharedIoThread)).toEqual(threads);
});

test('each disk on virtio has a queue for each CPU where that is asked for', () => {
  const disks = [aDisk({ bus: 'virtio' }), aDisk({ bus: 'scsi' })];
  const found = withThreads(disks, CPU, { multiQueue: true });
  expect(found.map(({ queues }) => queues)).toEqual([2, undefined]);
});
