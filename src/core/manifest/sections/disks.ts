/**
 * `devices.disks` joined with `volumes` by name. A volume that no disk names gets a disk of its own, as in
 * KubeVirt.
 */
import type { DiskBus, DiskSource, DiskSpec } from '../../model/storage.ts';
import { quoted } from '../field-path.ts';
import { type Found, flag, integer, oneOf, only, text, type ValueOf } from '../fields.ts';
import { checkDnsLabel, DNS_LABEL } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { BLOCK_SIZE, resolveBlockSize } from './block-size.ts';
import { reportReadOnlyClaim } from './claims.ts';
import {
  CDROM_TARGET,
  type DefaultBuses,
  DISK_TARGET,
  defaultBuses,
  LUN_TARGET,
  resolveTarget,
} from './disk-target.ts';
import { reportDuplicateNames } from './named-items.ts';
import { reportMissingVolume, type VolumeFields, type VolumeSources } from './volumes.ts';

/** Ports of the AHCI controller that q35 has. */
const MAX_SATA = 6;
/** What the guest can be told: virtio-blk and ATA have 20 bytes, SCSI more (QEMU takes 36). */
const SERIAL_LENGTH: Readonly<Record<DiskBus, number>> = {
  virtio: 20,
  sata: 20,
  scsi: 36,
  usb: 36,
};

/** Boot order of disks and interfaces, lowest first. */
export const BOOT_ORDER = integer(1, 2 ** 31 - 1);

export const DISK = object({
  type: 'Disk',
  fields: {
    name: text(checkDnsLabel, { pattern: DNS_LABEL }),
    disk: DISK_TARGET,
    cdrom: CDROM_TARGET,
    lun: LUN_TARGET,
    bootOrder: BOOT_ORDER,
    serial: text(checkSerial),
    cache: oneOf(['none', 'writethrough', 'writeback']),
    errorPolicy: oneOf(['stop', 'ignore', 'report', 'enospace']),
    shareable: flag,
    blockSize: BLOCK_SIZE,
    io: oneOf(['native', 'threads', 'default']),
    dedicatedIOThread: flag,
    changedBlockTracking: only(false),
  },
  required: ['name'],
  marks: ['cdrom', 'lun'],
});

export type DiskFields = Found<ValueOf<typeof DISK>>;

function checkSerial(serial: string): string | undefined {
  if (/^[A-Za-z0-9_.+-]{1,36}$/.test(serial)) return undefined;
  return `${quoted(serial)} is not a serial number: at most 36 letters, digits, "_", ".", "+" and "-"`;
}

/** The volumes that disks may show. */
export interface DiskVolumes {
  readonly written: readonly VolumeFields[];
  readonly sources: VolumeSources;
  /** Names of those that filesystems show. */
  readonly shared: ReadonlySet<string | undefined>;
}

export function resolveDisks(
  disks: readonly DiskFields[],
  { written, sources, shared }: DiskVolumes,
  architecture: 'arm64' | undefined,
  report: Report,
): readonly DiskSpec[] {
  const buses = defaultBuses(architecture);
  reportDuplicateNames(disks, report);
  const named = new Set(disks.map((disk) => disk.value.get.name?.value));
  const unnamed = [...sources].filter(([name]) => !named.has(name) && !shared.has(name));
  const ofDisks = written.filter(({ value }) => !shared.has(value.get.name?.value));
  reportReadOnlyClaim(ofDisks, report);
  const specs = [
    ...disks.map((disk) => resolveDisk(disk, sources, buses, report)),
    ...unnamed.map(([name, source]) => diskOfVolume(name, source, buses)),
  ].filter((spec) => spec !== undefined);
  reportTooManySata(specs, disks, written, report);
  return specs;
}

function diskOfVolume(
  name: string | undefined,
  source: DiskSource | undefined,
  buses: DefaultBuses,
): DiskSpec | undefined {
  if (name === undefined || source === undefined) return undefined;
  const target = { device: 'disk', bus: buses.disk, readonly: false } as const;
  return { name, ...target, errorPolicy: 'stop', source };
}

function resolveDisk(
  disk: DiskFields,
  sources: VolumeSources,
  buses: DefaultBuses,
  report: Report,
): DiskSpec | undefined {
  const { name, bootOrder, serial, cache, errorPolicy, io, dedicatedIOThread, shareable } =
    disk.value.get;
  const target = resolveTarget(disk, disk.value, buses, report);
  if (name !== undefined) reportMissingVolume(name, sources, report);
  const source = sources.get(name?.value);
  if (target && serial && serial.value.length > SERIAL_LENGTH[target.bus])
    report.error(
      'out-of-range',
      serial,
      `a serial number on ${target.bus} has at most ${SERIAL_LENGTH[target.bus]} characters`,
    );
  const ownThread = dedicatedIOThread?.value === true;
  if (target && ownThread && target.bus !== 'virtio')
    report.error(
      'unsupported-value',
      dedicatedIOThread,
      `a thread of its own is for disks on virtio, and this one is on ${target.bus}`,
    );
  if (io?.value === 'native' && cache && cache.value !== 'none')
    report.error('mutually-exclusive', io, `io: native needs cache: none, found ${cache.value}`);
  const shared = shareable?.value === true;
  if (shared && cache && cache.value !== 'none')
    report.error('mutually-exclusive', cache, 'a shareable disk needs cache: none');
  const blockSize = resolveBlockSize(disk.value.get.blockSize, target?.bus, report);
  if (target?.device === 'lun') reportUnfitForLun(disk, source, report);
  if (name === undefined || source === undefined || target === undefined) return undefined;
  return {
    name: name.value,
    ...target,
    ...(bootOrder && { bootOrder: bootOrder.value }),
    ...(serial && { serial: serial.value }),
    ...(cache
      ? { cache: cache.value }
      : shared || target.device === 'lun'
        ? { cache: 'none' }
        : {}),
    ...(io && io.value !== 'default' && { io: io.value }),
    ...(ownThread && { dedicatedIoThread: true }),
    ...(blockSize && { blockSize }),
    ...(shared && { shareable: true }),
    errorPolicy: errorPolicy?.value ?? 'stop',
    source,
  };
}

/** What a lun is and does is up to the device behind it. */
function reportUnfitForLun(
  { value: { get } }: DiskFields,
  source: DiskSource | undefined,
  report: Report,
): void {
  const { name, serial, blockSize, cache } = get;
  for (const field of [serial, blockSize, cache])
    if (field !== undefined) report.error('unsupported-value', field, LUN_IS_ITS_DEVICE);
  const fits = source?.kind === 'hostDisk' || (source?.kind === 'claim' && !source.ephemeral);
  if (source !== undefined && name !== undefined && !fits)
    report.error('unsupported-value', name, LUN_IS_DEVICE);
}

const LUN_IS_ITS_DEVICE = 'the device behind a lun says this itself; leave it out, or use disk';
const LUN_IS_DEVICE =
  'a lun is a block device of the host: its volume is a hostDisk, persistentVolumeClaim or dataVolume';

function reportTooManySata(
  specs: readonly DiskSpec[],
  disks: readonly DiskFields[],
  volumes: readonly VolumeFields[],
  report: Report,
): void {
  const seventh = specs.filter((spec) => spec.bus === 'sata')[MAX_SATA];
  if (seventh === undefined) return;
  const place = [...disks, ...volumes].find((item) => item.value.get.name?.value === seventh.name);
  if (place === undefined) return;
  const message = `at most ${MAX_SATA} disks fit on sata, which is the default; give this one bus: virtio or scsi`;
  report.error('out-of-range', place, message);
}
