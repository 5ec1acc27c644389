/**
 * Who boots before whom. KubeVirt's rule: as soon as one device has a `bootOrder`, only those that have one
 * are tried; without any, the disks in the order of the manifest. Indices start at 1: QEMU gives 0 to the
 * option ROM that loads a `-kernel`.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';

export interface BootIndices {
  /** By position in `spec.disks` and `spec.interfaces`. */
  readonly disks: readonly (number | undefined)[];
  readonly interfaces: readonly (number | undefined)[];
}

export function bootIndices({ disks, interfaces }: InstanceSpec): BootIndices {
  const ordered = [...disks, ...interfaces].some(({ bootOrder }) => bootOrder !== undefined);
  return {
    disks: disks.map(({ bootOrder }, index) => (ordered ? bootOrder : index + 1)),
    interfaces: interfaces.map(({ bootOrder }) => bootOrder),
  };
}
