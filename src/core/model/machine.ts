/** The machine that a guest finds itself in: its processors, clock and firmware, and its smaller devices. */
import type { ImagePull } from './storage.ts';

export interface CpuSpec {
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  /** `host-model`, `host-passthrough`, or a QEMU CPU model name. */
  readonly model: string;
  /** What the model is to have besides, or is not to have; by QEMU's names. */
  readonly features?: readonly CpuFeature[];
}

export interface CpuFeature {
  readonly name: string;
  readonly on: boolean;
}

/** KubeVirt `Clock`. At most one of the first two is there. */
export interface ClockSpec {
  /** What the guest's clock is ahead of UTC when the machine starts, in seconds. */
  readonly offsetSeconds?: number;
  /** An IANA name: the guest's clock shows that zone's time when the machine starts. */
  readonly timezone?: string;
  readonly hpet?: boolean;
  readonly pitTickPolicy?: 'delay' | 'discard';
  readonly rtcTickPolicy?: 'delay' | 'catchup';
  readonly rtcTrack?: 'guest' | 'wall';
}

/** Of the SMBIOS table of the chassis. */
export type ChassisField = 'manufacturer' | 'version' | 'serial' | 'asset' | 'sku';

export type VideoType = 'vga' | 'bochs' | 'cirrus' | 'virtio';

export interface InputSpec {
  readonly name: string;
  readonly bus: 'usb' | 'virtio';
}

/** What the machine begins with (KubeVirt `Bootloader`). */
export type Bootloader =
  /** `useSerial`: what the BIOS says goes to the serial console as well. */
  | { readonly kind: 'bios'; readonly useSerial: boolean }
  /** `persistent`: UEFI's variables outlast the instance. */
  | { readonly kind: 'efi'; readonly secureBoot: boolean; readonly persistent: boolean };

/** Of the SMBIOS table of the system. */
export interface SystemIdentity {
  /** Lower-case. Absent: one that follows from the names of the VM. */
  readonly uuid?: string;
  readonly serial?: string;
}

/** Direct kernel boot. Paths are relative to the image directory and never leave it. */
export interface KernelBoot {
  readonly source: KernelSource;
  readonly kernelArgs: string;
}

export type KernelSource =
  /** `firmware.kernelBoot.container`: files inside the directory that the image reference maps to. */
  | ({
      readonly kind: 'container';
      readonly image: string;
      readonly kernelPath?: string;
      readonly initrdPath?: string;
    } & ImagePull)
  /** The annotations `solovirt.io/kernel` and `solovirt.io/initrd`: files in the image directory. */
  | { readonly kind: 'files'; readonly kernelPath: string; readonly initrdPath?: string };

export type WatchdogAction = 'reset' | 'poweroff' | 'shutdown';

export interface WatchdogSpec {
  readonly name: string;
  readonly action: WatchdogAction;
}

/** A TPM 2.0. `persistent`: what it holds outlasts the instance. */
export interface TpmSpec {
  readonly persistent: boolean;
}

/** `pvpanic` is the PCI device, `isa` the port-mapped one. */
export type PanicDeviceModel = 'pvpanic' | 'isa';
