/**
 * The guest side of the disks: one device per disk, and the controllers that their buses need. Controllers
 * come before their disks, because QEMU creates devices in the order of the command line.
 */
import type { JsonObject } from '../model/json.ts';
import type { DiskErrorPolicy, DiskSpec } from '../model/storage.ts';
import { diskNode, writeCache } from './blockdev.ts';
import type { BootIndices } from './boot-order.ts';
import { type GuestDevice, onBus, onPci } from './guest-device.ts';
import type { PreparedDisk } from './input.ts';

/** Ports of one AHCI controller (QEMU `hw/ide/ich.c`). */
const SATA_PORTS = 6;

/** A disk with all that its device needs to know. */
export interface AttachedDisk {
  readonly spec: DiskSpec;
  readonly prepared: PreparedDisk;
  readonly index: number;
  readonly bootIndex: number | undefined;
}

export function attachDisks(
  specs: readonly DiskSpec[],
  prepared: readonly PreparedDisk[],
  boot: BootIndices,
): readonly AttachedDisk[] {
  return specs.flatMap((spec, index) => {
    const disk = prepared[index];
    if (disk === undefined) return [];
    return [{ spec, prepared: disk, index, bootIndex: boot.disks[index] }];
  });
}

export function diskDevices(disks: readonly AttachedDisk[]): readonly GuestDevice[] {
  const on = (bus: DiskSpec['bus']) => disks.filter(({ spec }) => spec.bus === bus);
  return [...on('virtio').map(virtioDisk), ...sataDisks(on('sata')), ...scsiDisks(on('scsi'))];
}

/** The thread that serves a disk: its own, one that it shares, or undefined, QEMU's main one. */
export function ioThread(
  { dedicatedIoThread, sharedIoThread }: DiskSpec,
  index: number,
): string | undefined {
  if (dedicatedIoThread === true) return `iothread${index}`;
  return sharedIoThread === undefined ? undefined : `pool${sharedIoThread}`;
}

/** There is no virtio optical drive: a CD-ROM on this bus is a read-only disk. */
function virtioDisk(disk: AttachedDisk): GuestDevice {
  const iothread = ioThread(disk.spec, disk.index);
  const { queues } = disk.spec;
  return onPci({
    driver: 'virtio-blk-pci',
    ...(iothread === undefined ? {} : { iothread }),
    ...(queues === undefined ? {} : { 'num-queues': queues }),
    ...driveProperties(disk),
  });
}

function sataDisks(disks: readonly AttachedDisk[]): readonly GuestDevice[] {
  const controllers = Math.ceil(disks.length / SATA_PORTS);
  return [
    ...Array.from({ length: controllers }, (_, n) =>
      onPci({ driver: 'ich9-ahci', id: `sata${n}` }),
    ),
    ...disks.map((disk, n) =>
      onBus({
        driver: disk.spec.device === 'cdrom' ? 'ide-cd' : 'ide-hd',
        bus: `sata${Math.floor(n / SATA_PORTS)}.${n % SATA_PORTS}`,
        ...driveProperties(disk),
      }),
    ),
  ];
}

function scsiDisks(disks: readonly AttachedDisk[]): readonly GuestDevice[] {
  if (disks.length === 0) return [];
  return [
    onPci({ driver: 'virtio-scsi-pci', id: 'scsi0' }),
    ...disks.map((disk, target) =>
      onBus({
        driver: scsiDriver(disk),
        bus: 'scsi0.0',
        'scsi-id': target,
        ...driveProperties(disk),
      }),
    ),
  ];
}

/**
 * A USB disk is a bulk-only-transport bridge with a SCSI disk behind it. `usb-storage` would be one device
 * less, but has no optical form and drops `write-cache` on the way (QEMU `hw/usb/dev-storage-classic.c`).
 */
export function usbDisk(disk: AttachedDisk, port: JsonObject): readonly GuestDevice[] {
  const bridge = `disk${disk.index}-usb`;
  return [
    onBus({ driver: 'usb-bot', id: bridge, ...port }),
    onBus({ driver: scsiDriver(disk), bus: `${bridge}.0`, ...driveProperties(disk) }),
  ];
}

function scsiDriver({ spec }: AttachedDisk): string {
  switch (spec.device) {
    case 'cdrom':
      return 'scsi-cd';
    case 'disk':
      return 'scsi-hd';
    case 'lun':
      return 'scsi-block';
  }
}

function driveProperties({ spec, prepared, index, bootIndex }: AttachedDisk): JsonObject {
  return {
    id: `disk${index}`,
    drive: diskNode(index),
    ...(bootIndex === undefined ? {} : { bootindex: bootIndex }),
    ...(spec.serial === undefined ? {} : { serial: spec.serial }),
    ...errorProperties(spec),
    ...sizeProperties(spec),
    ...(spec.shareable === true ? { 'share-rw': true } : {}),
    ...(spec.device !== 'disk' ? {} : { 'write-cache': writeCache(prepared.cache) }),
  };
}

function sizeProperties({ blockSize }: DiskSpec): JsonObject {
  if (blockSize === undefined) return {};
  const { logical, physical, discardGranularity } = blockSize;
  return {
    logical_block_size: logical,
    physical_block_size: physical,
    ...(discardGranularity === undefined ? {} : { discard_granularity: discardGranularity }),
  };
}

/** libvirt's mapping; what can only be read has no write errors. */
function errorProperties({ device, errorPolicy }: DiskSpec): JsonObject {
  const { werror, rerror } = ON_ERROR[errorPolicy];
  return device === 'cdrom' ? { rerror } : { werror, rerror };
}

/** Values are QEMU QAPI `BlockdevOnError`. */
const ON_ERROR: Readonly<
  Record<DiskErrorPolicy, { readonly werror: string; readonly rerror: string }>
> = {
  stop: { werror: 'stop', rerror: 'stop' },
  ignore: { werror: 'ignore', rerror: 'ignore' },
  report: { werror: 'report', rerror: 'report' },
  enospace: { werror: 'enospc', rerror: 'report' },
};
