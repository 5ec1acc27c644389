/**
 * How a disk shows itself to the guest: as a disk or a CD-ROM drive, and on which bus.
 */
import type { DiskBus, DiskSpec } from '../../model/storage.ts';
import { type Found, flag, oneOf, only, type Spot, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';

/** KubeVirt's defaults. */
export interface DefaultBuses {
  readonly disk: DiskBus;
  readonly cdrom: DiskBus;
}

export function defaultBuses(architecture: 'arm64' | undefined): DefaultBuses {
  if (architecture === undefined) return { disk: 'sata', cdrom: 'sata' };
  // KubeVirt has virtio for both, but there is no such CD-ROM drive.
  return { disk: 'virtio', cdrom: 'scsi' };
}

const LUN_BUS = 'a lun takes SCSI commands';

const BUS = oneOf<DiskBus>(['virtio', 'sata', 'scsi', 'usb']);

export const DISK_TARGET = object({
  type: 'DiskTarget',
  fields: { bus: BUS, readonly: flag },
});

export const CDROM_TARGET = object({
  type: 'CDRomTarget',
  fields: { bus: BUS, readonly: flag, tray: only('closed') },
});

/** Of SCSI commands, so that no other bus will do. */
export const LUN_TARGET = object({
  type: 'LunTarget',
  fields: {
    bus: oneOf(['scsi'], { refused: { virtio: LUN_BUS, sata: LUN_BUS } }),
    readonly: flag,
    reservation: only(false),
  },
});

export type Target = Pick<DiskSpec, 'device' | 'bus' | 'readonly'>;

interface Targets {
  readonly present: ReadonlySet<string>;
  readonly get: {
    readonly disk?: Found<ValueOf<typeof DISK_TARGET>>;
    readonly cdrom?: Found<ValueOf<typeof CDROM_TARGET>>;
    readonly lun?: Found<ValueOf<typeof LUN_TARGET>>;
  };
}

/** Undefined when the target is not valid, which is then reported. */
export function resolveTarget(
  at: Spot,
  { present, get }: Targets,
  buses: DefaultBuses,
  report: Report,
): Target | undefined {
  const kinds = ['disk', 'cdrom', 'lun'].filter((kind) => present.has(kind));
  if (kinds.length > 1) {
    report.error(
      'mutually-exclusive',
      at,
      `a disk is exactly one of disk, cdrom and lun, found ${kinds.join(' and ')}`,
    );
    return undefined;
  }
  if (get.cdrom) return cdrom(get.cdrom.value, buses.cdrom, report);
  if (get.lun)
    return { device: 'lun', bus: 'scsi', readonly: get.lun.value.get.readonly?.value ?? false };
  if (get.disk) return disk(get.disk, buses.disk, report);
  return kinds.length === 0 ? { device: 'disk', bus: buses.disk, readonly: false } : undefined;
}

function disk(
  found: Found<ValueOf<typeof DISK_TARGET>>,
  defaultBus: DiskBus,
  report: Report,
): Target | undefined {
  const { present, get } = found.value;
  const bus = present.has('bus') ? get.bus?.value : defaultBus;
  const readonly = get.readonly?.value ?? false;
  if (bus === 'sata' && readonly && get.readonly)
    report.error(
      'unsupported-value',
      get.readonly,
      'QEMU has no read-only disks on sata, which is the default bus; use bus: virtio or scsi, or a cdrom',
    );
  return bus && { device: 'disk', bus, readonly };
}

function cdrom(
  { present, get }: ValueOf<typeof CDROM_TARGET>,
  defaultBus: DiskBus,
  report: Report,
): Target | undefined {
  const bus = present.has('bus') ? get.bus?.value : defaultBus;
  if (bus === 'virtio' && get.bus)
    report.error(
      'unsupported-value',
      get.bus,
      'there is no virtio CD-ROM drive; use bus: sata or scsi',
    );
  if (get.readonly?.value === false)
    report.error(
      'unsupported-value',
      get.readonly,
      'a CD-ROM cannot be written; use disk, or leave readonly out',
    );
  return bus && { device: 'cdrom', bus, readonly: true };
}
