/**
 * What the command line of one QEMU is built from. Everything that needs a look at the host (which file a
 * disk is, whether KVM runs) has been found out before and is a plain value here.
 */
import type { DiskCache, InstanceSpec, VmIdentity } from '../model/virtual-machine.ts';
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

export interface QemuArgsInput {
  /** Identity of the instance, a UUID; the guest sees it as its SMBIOS UUID. */
  readonly uid: string;
  readonly vm: VmIdentity;
  readonly spec: InstanceSpec;
  readonly paths: InstancePaths;
  readonly accelerator: Accelerator;
  /** Required when the spec boots a kernel directly. */
  readonly kernel?: PreparedKernel;
  readonly disks: readonly PreparedDisk[];
}

/** The spec asks for something that no QEMU command line can say. */
export class QemuArgsError extends Error {
  override readonly name = 'QemuArgsError';
}
