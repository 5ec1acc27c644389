/** What a guest reads and writes: its disks, the directories that it shares with the host, and what is behind them. */
import type { ValueKind } from './file-object.ts';

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
