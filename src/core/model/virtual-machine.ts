/**
 * What a VM file declares, once it has been found valid: KubeVirt's VirtualMachine with every default
 * filled in. Field meanings and defaults are KubeVirt's (kubevirt.io/api/core/v1 `types.go`, `schema.go`).
 */

import type { JsonObject } from './json.ts';
import type {
  Bootloader,
  ChassisField,
  ClockSpec,
  CpuSpec,
  InputSpec,
  KernelBoot,
  PanicDeviceModel,
  SystemIdentity,
  TpmSpec,
  VideoType,
  WatchdogSpec,
} from './machine.ts';
import type { InterfaceSpec } from './network-interface.ts';
import type { ProbeSpec } from './probe.ts';
import type { CloudInitSource, DataVolume, DiskSpec, FilesystemSpec } from './storage.ts';

/** What the user wants of a VM over time. KubeVirt `VirtualMachineRunStrategy`. */
export type RunStrategy = 'Always' | 'RerunOnFailure' | 'Manual' | 'Halted' | 'Once';

export const RUN_STRATEGIES: readonly RunStrategy[] = [
  'Always',
  'RerunOnFailure',
  'Manual',
  'Halted',
  'Once',
];

/** Names one VM on this host. */
export interface VmIdentity {
  readonly namespace: string;
  readonly name: string;
}

export interface VirtualMachine extends VmIdentity {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly runStrategy: RunStrategy;
  /** Which of the two mutually exclusive fields the file uses to say so. */
  readonly strategyField: 'runStrategy' | 'running';
  readonly template: InstanceTemplate;
  readonly startOrder: StartOrder;
  /** Claims that are made before the VM is started, unless they have a disk already. */
  readonly dataVolumes?: readonly DataVolume[];
  /** The document as written, without defaults: what the API shows. */
  readonly manifest: JsonObject;
}

/** When the run strategy may start the VM. A start by command is not held up. */
export interface StartOrder {
  /** VMs that are to run first, as far as they are going to run at all. */
  readonly after: readonly VmIdentity[];
  /** Counted from the host's boot or, when that is later, from when the last of `after` began to run. */
  readonly delayMs: number;
}

export interface InstanceTemplate {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: InstanceSpec;
}

/** Everything one run of a VM needs to know, defaults filled in. */
export interface InstanceSpec {
  /** Absent: amd64. */
  readonly architecture?: 'arm64';
  readonly cpu: CpuSpec;
  /** RAM of the guest in bytes; a multiple of 1 MiB. */
  readonly memoryBytes: number;
  /** `q35`, `pc`, on arm64 `virt`, or a versioned name of one (`pc-q35-7.2`). */
  readonly machineType: string;
  readonly acpi: boolean;
  /** System Management Mode; absent: as the machine type has it. */
  readonly smm?: boolean;
  /** Absent: UTC, and the timers of the machine type. */
  readonly clock?: ClockSpec;
  readonly chassis?: Readonly<Partial<Record<ChassisField, string>>>;
  /** Size in bytes of the pages that the guest's memory is made of; absent: ordinary ones. */
  readonly hugepageBytes?: number;
  /** Absent: a BIOS. */
  readonly bootloader?: Bootloader;
  /** What the firmware says of the machine, as far as the file says it. */
  readonly system?: SystemIdentity;
  readonly kernelBoot?: KernelBoot;
  /** Name that the guest is given by DHCP and by cloud-init; absent: the VM's. */
  readonly hostname?: string;
  /** Domain that the guest is given by DHCP. */
  readonly subdomain?: string;
  readonly disks: readonly DiskSpec[];
  readonly interfaces: readonly InterfaceSpec[];
  /** Directories that the guest shares with the host. Absent: none. */
  readonly filesystems?: readonly FilesystemSpec[];
  readonly rng: boolean;
  readonly watchdog?: WatchdogSpec;
  readonly tpm?: TpmSpec;
  /** Sockets between host and guest. */
  readonly vsock?: true;
  readonly panicDevices: readonly PanicDeviceModel[];
  /** How many dumps of the memory at a panic are kept, 1 to 3; absent: none is made. */
  readonly panicDumps?: number;
  readonly graphics: boolean;
  /** Absent: VGA, under UEFI bochs, on arm64 virtio. */
  readonly video?: VideoType;
  readonly serialConsole: boolean;
  readonly memBalloon: boolean;
  readonly inputDevice: boolean;
  /** Tablets. */
  readonly inputs?: readonly InputSpec[];
  /** How long a graceful stop may take, whole seconds ≥ 0; 0 asks for no graceful stop. */
  readonly gracePeriodSeconds: number;
  /** `startStrategy: Paused`: come up with the CPUs stopped. */
  readonly startPaused: boolean;
  /** `Terminate` makes a guest reboot the end of the instance. */
  readonly rebootPolicy: 'Reboot' | 'Terminate';
  readonly readinessProbe?: ProbeSpec;
  readonly livenessProbe?: ProbeSpec;
  readonly accessCredentials?: readonly AccessCredential[];
  /** What the whole QEMU process may take; only the systemd launcher can hold it to that. */
  readonly limits?: Limits;
}

/** What lets somebody in: the values of a Secret of the VM's namespace (KubeVirt `AccessCredential`). */
export type AccessCredential =
  /** Public keys, one or several under each key of the Secret, that the seed of this format brings. */
  | {
      readonly kind: 'seed-keys';
      readonly secret: string;
      readonly format: CloudInitSource['format'];
    }
  /** Public keys likewise, that the agent gives to these users, at least one. */
  | { readonly kind: 'agent-keys'; readonly secret: string; readonly users: readonly string[] }
  /** A password under the name of each user, that the agent sets. */
  | { readonly kind: 'agent-passwords'; readonly secret: string };

/** As cgroup v2 has them (systemd.resource-control(5)). Absent: no limit, or the default weight. */
export interface Limits {
  readonly memoryBytes?: number;
  /** Processor time in billionths of one CPU. */
  readonly cpuNano?: number;
  /** 1 to 10000; the default is 100. */
  readonly cpuWeight?: number;
  /** 1 to 10000; the default is 100. */
  readonly ioWeight?: number;
}
