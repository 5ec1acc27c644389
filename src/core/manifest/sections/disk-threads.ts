/**
 * `domain.ioThreadsPolicy` and `devices.blockMultiQueue`: which threads of QEMU serve the disks on virtio, and over how many
 * queues. The rule is KubeVirt's (`getIOThreadsCountType` in `pkg/virt-launcher/virtwrap/converter`).
 */
import type { CpuSpec } from '../../model/machine.ts';
import type { DiskSpec } from '../../model/storage.ts';
import { oneOf } from '../fields.ts';

export const IO_THREADS_POLICY = oneOf(['shared', 'auto'], {
  refused: {
    supplementalPool: 'a disk on several threads is not supported by this version of solovirt',
  },
});

interface Wishes {
  readonly policy?: 'shared' | 'auto' | undefined;
  readonly multiQueue: boolean;
}

/** The disks, each with the thread that it shares with others and the number of its queues. */
export function withThreads(
  disks: readonly DiskSpec[],
  { sockets, cores, threads }: CpuSpec,
  { policy, multiQueue }: Wishes,
): readonly DiskSpec[] {
  const cpus = sockets * cores * threads;
  const onVirtio = disks.filter(({ bus }) => bus === 'virtio');
  const sharing = onVirtio.filter(({ dedicatedIoThread }) => dedicatedIoThread !== true);
  const pool = poolSize(policy, sharing.length, onVirtio.length - sharing.length, cpus);
  return disks.map((disk) => {
    if (disk.bus !== 'virtio') return disk;
    const place = sharing.indexOf(disk);
    return {
      ...disk,
      ...(pool > 0 && place !== -1 && { sharedIoThread: place % pool }),
      ...(multiQueue && { queues: cpus }),
    };
  });
}

/** `auto`: a thread for each disk, but no more of all together than two for each CPU. */
function poolSize(
  policy: Wishes['policy'],
  sharing: number,
  dedicated: number,
  cpus: number,
): number {
  switch (policy) {
    case undefined:
      return 0;
    case 'shared':
      return Math.min(1, sharing);
    case 'auto':
      return Math.min(sharing, Math.max(1, 2 * cpus - dedicated));
  }
}
