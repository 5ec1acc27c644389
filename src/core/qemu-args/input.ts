/**
 * What the command line of one QEMU is built from. Everything that needs a look at the host (which file a
 * disk is, whether KVM runs) has been found out before and is a plain value here.
 */
import type { HostNetwork } from '../model/host-network.ts';
import type { DiskCache, DiskIo } from '../model/storage.ts';
import type { InstanceSpec, VmIdentity } from '../model/virtual-machine.ts';
import type { InstancePaths } from '../paths.ts';

export type Accelerator = 'kvm' | 'tcg';

export type ImageFormat = 'qcow2' | 'raw';

/** A disk of the spec whose file is in place. Belongs to the spec's disk of the same name. */
export interface PreparedDisk {
  readonly name: string;
  /** Absolute path on the host; taken literally, whatever characters it has. */
  readonly file: string;
  readonly format: ImageFormat;
  readonly readonly: boolean;
  readonly cache: DiskCache;
  readonly io?: DiskIo;
  /** The files that the image builds on, which QEMU opens too and only reads. */
  readonly below?: readonly string[];
  /** True when `file` is a block device: QEMU has a driver of its own for these. */
  readonly blockDevice?: boolean;
}

/** Files for direct kernel boot: absolute paths on the host. */
export interface PreparedKernel {
  readonly kernelPath: string;
  readonly initrdPath?: string;
}

/** A directory to be shared. Belongs to the spec's filesystem at the same place. */
export interface PreparedFilesystem {
  /** Absolute path on the host. */
  readonly dir: string;
  readonly readonly: boolean;
  readonly whose: OwnerOfShared;
}

/** A directory was made for the instance, is a claim in the image directory, or lies elsewhere on the host. */
export type OwnerOfShared = 'instance' | 'claim' | 'host';

/** UEFI firmware in two flash chips; absolute paths. */
export interface PreparedFirmware {
  readonly code: FlashImage;
  /** The variables, which the guest writes. */
  readonly vars: FlashImage;
  /** Only code in System Management Mode may write the flash. */
  readonly requiresSmm: boolean;
}

export interface FlashImage {
  readonly file: string;
  readonly format: ImageFormat;
}

export interface QemuArgsInput {
  /** Identity of the instance, a UUID, which the monitor tells; what the guest sees is in the system table. */
  readonly uid: string;
  readonly vm: VmIdentity;
  readonly spec: InstanceSpec;
  readonly paths: InstancePaths;
  readonly accelerator: Accelerator;
  /** Unix milliseconds: where the guest's clock begins. */
  readonly now: number;
  /** Required when the spec has sockets between host and guest. */
  readonly vsockCid?: number;
  /** Required when the spec boots a kernel directly. */
  readonly kernel?: PreparedKernel;
  /** Required when the spec's bootloader is UEFI. */
  readonly firmware?: PreparedFirmware;
  /** File with the SMBIOS table of the system; absent: QEMU's own, with `uid` in it. */
  readonly systemTable?: string;
  readonly disks: readonly PreparedDisk[];
  /** Those of the host that the spec's interfaces name. */
  readonly networks?: readonly HostNetwork[];
  /** The kernel can move the frames of taps by itself. */
  readonly vhostNet?: boolean;
}

/** The spec asks for something that no QEMU command line can say. */
export class QemuArgsError extends Error {
  override readonly name = 'QemuArgsError';
}
