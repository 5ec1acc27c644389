/**
 * `volumes`: where the contents of disks come from. Exactly one source each.
 */
import type { DiskSource } from '../../model/storage.ts';
import { quoted } from '../field-path.ts';
import { type Found, oneOf, only, quantity, text, type ValueOf } from '../fields.ts';
import { parseImageReference } from '../image-reference.ts';
import { checkDnsLabel, checkInnerPath, DNS_LABEL } from '../names.ts';
import { object, reportMissing } from '../object-fields.ts';
import { bytesRoundedUp, type NanoQuantity } from '../quantity.ts';
import type { Report } from '../report.ts';
import { didYouMean } from '../suggest.ts';
import { CLAIM_VOLUME, DATA_VOLUME, EPHEMERAL_VOLUME, resolveClaim } from './claims.ts';
import { CLOUD_INIT_CONFIG_DRIVE, CLOUD_INIT_NO_CLOUD, resolveCloudInit } from './cloud-init.ts';
import { IMAGE_PULL, resolveImagePull } from './image-pull.ts';
import { reportDuplicateNames } from './named-items.ts';
import { CONFIG_MAP_VOLUME, resolveObjectVolume, SECRET_VOLUME } from './object-volumes.ts';

const SECTOR = 512n;
/** The most that QEMU's qcow2 holds with a default cluster size is more; this catches slips. */
const MAX_BYTES = 64n * 1024n ** 4n;

export const VOLUME = object({
  type: 'Volume',
  fields: {
    name: text(checkDnsLabel, { pattern: DNS_LABEL }),
    containerDisk: object({
      type: 'ContainerDiskSource',
      fields: { image: text(checkImage), path: text(checkInnerPath), ...IMAGE_PULL },
      required: ['image'],
    }),
    hostDisk: object({
      type: 'HostDisk',
      fields: {
        path: text(checkHostPath),
        type: oneOf(['Disk', 'DiskOrCreate']),
        capacity: quantity,
        shared: only(false),
      },
      required: ['path', 'type'],
    }),
    emptyDisk: object({
      type: 'EmptyDiskSource',
      fields: { capacity: quantity },
      required: ['capacity'],
    }),
    cloudInitNoCloud: CLOUD_INIT_NO_CLOUD,
    cloudInitConfigDrive: CLOUD_INIT_CONFIG_DRIVE,
    persistentVolumeClaim: CLAIM_VOLUME,
    dataVolume: DATA_VOLUME,
    ephemeral: EPHEMERAL_VOLUME,
    configMap: CONFIG_MAP_VOLUME,
    secret: SECRET_VOLUME,
  },
  required: ['name'],
});

/** The fields that say where the contents come from. */
export const SOURCES = [
  'containerDisk',
  'hostDisk',
  'emptyDisk',
  'cloudInitNoCloud',
  'cloudInitConfigDrive',
  'persistentVolumeClaim',
  'dataVolume',
  'ephemeral',
  'configMap',
  'secret',
] as const;

export type VolumeFields = Found<ValueOf<typeof VOLUME>>;
type Sources = VolumeFields['value']['get'];

/** A guest looks for one seed, and KubeVirt makes one. */
function reportSecondSeed(volumes: readonly VolumeFields[], report: Report): void {
  const [, second] = volumes.filter(
    ({ value: { get } }) => get.cloudInitNoCloud ?? get.cloudInitConfigDrive,
  );
  if (second === undefined) return;
  report.error('mutually-exclusive', second, 'a VM has at most one volume for cloud-init');
}

/** The source of each volume by its name; undefined when something is wrong with it, which is then reported. */
export type VolumeSources = ReadonlyMap<string | undefined, DiskSource | undefined>;

export function resolveVolumes(volumes: readonly VolumeFields[], report: Report): VolumeSources {
  reportDuplicateNames(volumes, report);
  reportSecondSeed(volumes, report);
  return new Map(
    volumes.map((volume) => [volume.value.get.name?.value, resolveSource(volume, report)]),
  );
}

/** Reports that no volume has the name of what is to show it. */
export function reportMissingVolume(
  name: Found<string>,
  sources: VolumeSources,
  report: Report,
): void {
  if (sources.has(name.value)) return;
  const names = () => [...sources.keys()].filter((key) => key !== undefined);
  const message = () =>
    `no volume is named ${quoted(name.value)}${didYouMean(name.value, names())}`;
  report.error('missing-volume', name, message);
}

/** What is wrong with an image reference, or undefined. */
export function checkImage(image: string): string | undefined {
  const parsed = parseImageReference(image);
  return parsed.ok ? undefined : `${quoted(image)} is not an image reference: ${parsed.message}`;
}

/** What is wrong with a path of the host, or undefined. */
export function checkHostPath(path: string): string | undefined {
  if (!path.startsWith('/')) return `${quoted(path)} must be absolute, beginning with "/"`;
  return checkInnerPath(path);
}

/** The one source of a volume. */
function resolveSource(volume: VolumeFields, report: Report): DiskSource | undefined {
  const { present, get } = volume.value;
  const sources = [...present].filter((name) => name !== 'name');
  if (sources.length > 1) {
    const message = `a volume has exactly one source, found ${sources.slice(0, 5).join(', ')}`;
    report.error('mutually-exclusive', volume, message);
    return undefined;
  }
  if (sources.length === 0)
    report.error('required', volume, `a volume needs a source: ${SOURCES.join(', ')}`);
  return (
    containerDisk(get, report) ??
    hostDisk(get, report) ??
    emptyDisk(get, report) ??
    resolveClaim(get) ??
    resolveObjectVolume(get) ??
    (get.cloudInitNoCloud && resolveCloudInit(get.cloudInitNoCloud, 'NoCloud', report)) ??
    (get.cloudInitConfigDrive && resolveCloudInit(get.cloudInitConfigDrive, 'ConfigDrive', report))
  );
}

function containerDisk({ containerDisk: found }: Sources, report: Report): DiskSource | undefined {
  const { image, path, ...pull } = found?.value.get ?? {};
  if (image === undefined) return undefined;
  return {
    kind: 'containerDisk',
    image: image.value,
    ...(path && { path: path.value }),
    ...resolveImagePull(image.value, pull, report),
  };
}

function hostDisk({ hostDisk: found }: Sources, report: Report): DiskSource | undefined {
  if (found === undefined) return undefined;
  const { path, type, capacity } = found.value.get;
  const create = type?.value === 'DiskOrCreate';
  if (create && !found.value.present.has('capacity')) reportMissing(found, 'capacity', report);
  if (type?.value === 'Disk' && capacity !== undefined)
    report.error('invalid-value', capacity, 'capacity goes with type: DiskOrCreate only');
  const capacityBytes = capacity && readCapacity(capacity, report);
  if (path === undefined) return undefined;
  return {
    kind: 'hostDisk',
    path: path.value,
    create,
    ...(capacityBytes !== undefined && { capacityBytes }),
  };
}

function emptyDisk({ emptyDisk: found }: Sources, report: Report): DiskSource | undefined {
  const capacity = found?.value.get.capacity;
  const capacityBytes = capacity && readCapacity(capacity, report);
  return capacityBytes === undefined ? undefined : { kind: 'emptyDisk', capacityBytes };
}

/** Bytes, rounded up to whole sectors. */
export function readCapacity(capacity: Found<NanoQuantity>, report: Report): number | undefined {
  const bytes = capacity.value > 0n ? bytesRoundedUp(capacity.value, SECTOR) : 0n;
  if (bytes > 0n && bytes <= MAX_BYTES) return Number(bytes);
  report.error('out-of-range', capacity, 'the capacity of a disk is more than 0 and at most 64Ti');
  return undefined;
}
