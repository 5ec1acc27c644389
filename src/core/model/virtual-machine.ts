/**
 * What a VM file declares, once it has been found valid: KubeVirt's VirtualMachine with every default
 * filled in. Field meanings and defaults are KubeVirt's (kubevirt.io/api/core/v1 `types.go`, `schema.go`).
 */

import type { ValueKind } from './file-object.ts';
import type { NetworkId } from './host-network.ts';

/** What the user wants of a VM over time. KubeVirt `VirtualMachineRunStrategy`. */
export type RunStrategy = 'Always' | 'RerunOnFailure' | 'Manual' | 'Halted' | 'Once';

export const RUN_STRATEGIES: readonly RunStrategy[] = [
  'Always',
  'RerunOnFailure',
  'Manual',
  'Halted',
  'Once',
];

/** Any JSON value, as it comes from a manifest or a request body. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

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

/** A disk of the image directory that is made from something, once. */
export interface DataVolume {
  /** Of the data volume and of its claim, in the VM's namespace. */
  readonly name: string;
  /** What the guest is to see, in bytes, a multiple of 512; absent: as large as the source. */
  readonly sizeBytes?: number;
  readonly contents: DataVolumeContents;
}

export type DataVolumeContents =
  /** Comes with a size. */
  | { readonly kind: 'blank' }
  | {
      readonly kind: 'http';
      readonly url: string;
      /** Of what is downloaded; lower-case hexadecimal. */
      readonly sha256?: string;
    }
  | { readonly kind: 'claim'; readonly claim: string; readonly namespace: string }
  /** The disk of a container image. */
  | {
      readonly kind: 'registry';
      readonly image: string;
      /** A Secret of the VM's namespace with credentials for the registry. */
      readonly secret?: string;
    }
  /** What somebody sends over the socket. */
  | { readonly kind: 'upload' };

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

/** How a guest is asked again and again whether it is ready, or alive (KubeVirt `Probe`). */
export interface ProbeSpec {
  readonly check: ProbeCheck;
  /** From 0, counted from the start of the guest. */
  readonly initialDelaySeconds: number;
  /** From 1, like those that follow. */
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  /** Results in a row that count. */
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export type ProbeCheck =
  /** A program in the guest, run by its agent, that exits with 0. */
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  /** An answer with a status from 200 to 399. */
  | {
      readonly kind: 'httpGet';
      readonly port: number;
      /** Begins with `/`. */
      readonly path: string;
      readonly https: boolean;
      readonly headers: readonly (readonly [name: string, value: string])[];
    }
  /** A connection that is accepted. */
  | { readonly kind: 'tcpSocket'; readonly port: number }
  | { readonly kind: 'guestAgentPing' };

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

export type DiskBus = 'virtio' | 'sata' | 'scsi' | 'usb';
export type DiskCache = 'none' | 'writethrough' | 'writeback';
/** How QEMU hands requests to the host's kernel. */
export type DiskIo = 'native' | 'threads';
export type DiskErrorPolicy = 'stop' | 'ignore' | 'report' | 'enospace';

export interface DiskSpec {
  /** Name of the disk and of its volume. */
  readonly name: string;
  /** `lun`: the guest's SCSI commands go to a block device of the host. */
  readonly device: 'disk' | 'cdrom' | 'lun';
  readonly bus: DiskBus;
  readonly bootOrder?: number;
  readonly serial?: string;
  readonly readonly: boolean;
  /** Absent: `none` where the file system can do direct I/O, else `writethrough` (KubeVirt's rule). */
  readonly cache?: DiskCache;
  /** Absent: QEMU's default, which is threads. */
  readonly io?: DiskIo;
  /** A thread of QEMU serves this disk alone. */
  readonly dedicatedIoThread?: true;
  /** The thread, from 0, of those that disks share; absent: QEMU's main one. */
  readonly sharedIoThread?: number;
  /** On virtio; absent: as QEMU thinks best. */
  readonly queues?: number;
  /** What the guest is told; absent: blocks of 512 bytes. */
  readonly blockSize?: BlockSize;
  /** Other guests may write to it at the same time. */
  readonly shareable?: true;
  readonly errorPolicy: DiskErrorPolicy;
  readonly source: DiskSource;
}

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

/** How an image of a registry comes here. */
export interface ImagePull {
  /** Absent: as the tag wants it (`core/images/pull-plan`). */
  readonly pullPolicy?: PullPolicy;
  /** A Secret of the VM's namespace with credentials for the registry. */
  readonly pullSecret?: string;
}

/** In bytes; powers of two from 512. */
export interface BlockSize {
  readonly logical: number;
  readonly physical: number;
  /** A multiple of `logical`. */
  readonly discardGranularity?: number;
}

export type DiskSource =
  /** An image of the image directory; writes go to an overlay that lives as long as the instance. */
  | ({ readonly kind: 'containerDisk'; readonly image: string; readonly path?: string } & ImagePull)
  /** A file of the host, raw unless it ends in `.qcow2`; never probed, for a guest may write it. */
  | {
      readonly kind: 'hostDisk';
      readonly path: string;
      readonly create: boolean;
      readonly capacityBytes?: number;
    }
  /** Scratch space that lives as long as the instance. */
  | { readonly kind: 'emptyDisk'; readonly capacityBytes: number }
  /** A disk of the image directory that stays (`core/claims.ts`). */
  | {
      readonly kind: 'claim';
      /** Of the VM's namespace. */
      readonly claim: string;
      /** Writes go to an overlay that lives as long as the instance. */
      readonly ephemeral: boolean;
    }
  | CloudInitSource
  /** A disk with a file for each key of a Secret or ConfigMap of the VM's namespace, made anew for each instance. */
  | (ObjectSource & {
      /** Of the file system; at most 32 characters of ASCII. */
      readonly label: string;
    });

/** A seed for cloud-init, made anew for each instance. At least one of the two kinds of data is there. */
export interface CloudInitSource {
  readonly kind: 'cloudInit';
  readonly format: 'NoCloud' | 'ConfigDrive';
  readonly userData?: SeedData;
  readonly networkData?: SeedData;
}

export type SeedData =
  | { readonly kind: 'text'; readonly text: string }
  /** Without line ends. */
  | { readonly kind: 'base64'; readonly base64: string }
  /** A Secret of the VM's namespace, which is read at each launch. */
  | { readonly kind: 'secret'; readonly name: string };

/** A directory of the host that the guest mounts (virtio-fs). */
export interface FilesystemSpec {
  /** Name of the volume, and the tag by which the guest mounts it: at most 36 characters. */
  readonly name: string;
  readonly source: FilesystemSource;
}

export type FilesystemSource =
  /** A directory of the image directory that stays (`core/claims.ts`), or one elsewhere on the host. */
  | {
      readonly kind: 'claim';
      /** Of the VM's namespace. */
      readonly claim: string;
      readonly readonly: boolean;
      /** Absolute; where the claim's directory is on this host, if not in the image directory. */
      readonly path?: string;
    }
  /** A file for each key of a Secret or ConfigMap of the VM's namespace, made anew for each instance, only to be read. */
  | ObjectSource;

export interface ObjectSource {
  readonly kind: 'objectData';
  readonly object: ValueKind;
  readonly name: string;
  /** There are no files where there is no such object. */
  readonly optional: boolean;
}

export type InterfaceModel = 'virtio' | 'e1000' | 'e1000e' | 'rtl8139' | 'ne2k_pci';

/** One NIC, told apart by what it is connected to. */
export type InterfaceSpec = UserInterface | PasstInterface | BridgeInterface;

interface Nic {
  readonly name: string;
  readonly model: InterfaceModel;
  readonly macAddress?: string;
  readonly bootOrder?: number;
  /** On a bridge solovirt forwards them where it serves the network itself. */
  readonly forwards: readonly PortForward[];
}

/** User-mode networking (`masquerade`): the guest is behind the host, in a network of QEMU's own. */
export interface UserInterface extends Nic {
  /** Absent: user. */
  readonly kind?: 'user';
}

/** As in user mode, over passt, a process of its own (`passtBinding`). */
export interface PasstInterface extends Nic {
  readonly kind: 'passt';
}

/** A port of a bridge of the host (`bridge`): the guest is a member of that network like any other machine. */
export interface BridgeInterface extends Nic {
  readonly kind: 'bridge';
  /** The NetworkAttachmentDefinition; whether there is one only the launch knows. */
  readonly network: NetworkId;
}

/** One port of the host that leads into the guest. */
export interface PortForward {
  readonly protocol: 'tcp' | 'udp';
  /** IPv4 address of the host to listen on. */
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly guestPort: number;
}

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
