/**
 * `devices.filesystems` joined with `volumes` by name: directories that the guest shares with the host. Where a claim's
 * directory is, if not in the image directory, says the annotation `solovirt.io/host-directories`: entries CLAIM=PATH,
 * separated by commas or line ends.
 */
import type { DiskSource, FilesystemSource, FilesystemSpec } from '../../model/storage.ts';
import { quoted } from '../field-path.ts';
import { type Found, text, type ValueOf } from '../fields.ts';
import { checkDnsLabel, checkDnsSubdomain, DNS_LABEL } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { didYouMean } from '../suggest.ts';
import type { DiskFields } from './disks.ts';
import { reportDuplicateNames } from './named-items.ts';
import {
  checkHostPath,
  reportMissingVolume,
  type VolumeFields,
  type VolumeSources,
} from './volumes.ts';

/** Bytes of the tag by which a guest mounts it (virtio 1.2, 5.11.4). */
const TAG_BYTES = 36;

export const FILESYSTEM = object({
  type: 'Filesystem',
  fields: {
    name: text(checkDnsLabel, { pattern: DNS_LABEL }),
    virtiofs: object({ type: 'FilesystemVirtiofs', fields: {} }),
  },
  required: ['name', 'virtiofs'],
  marks: ['virtiofs'],
});

export type FilesystemFields = Found<ValueOf<typeof FILESYSTEM>>;

export interface Beside {
  readonly disks: readonly DiskFields[];
  readonly volumes: readonly VolumeFields[];
  readonly sources: VolumeSources;
  readonly directories: Found<string> | undefined;
}

export function resolveFilesystems(
  filesystems: readonly FilesystemFields[],
  { disks, volumes, sources, directories }: Beside,
  report: Report,
): readonly FilesystemSpec[] {
  reportDuplicateNames(filesystems, report);
  const specs = filesystems.flatMap((found) => {
    const { name } = found.value.get;
    if (name === undefined) return [];
    reportMissingVolume(name, sources, report);
    reportLongName(name, report);
    reportBoth(name, disks, report);
    const volume = volumes.find(({ value }) => value.get.name?.value === name.value);
    const source = sharedSource(sources.get(name.value), volume, report);
    return source === undefined ? [] : [{ name: name.value, source }];
  });
  return withDirectories(specs, directories, report);
}

function reportLongName(name: Found<string>, report: Report): void {
  if (name.value.length <= TAG_BYTES) return;
  const message = `the name of a filesystem is the tag by which the guest mounts it: at most ${TAG_BYTES} characters`;
  report.error('out-of-range', name, message);
}

function reportBoth(name: Found<string>, disks: readonly DiskFields[], report: Report): void {
  const disk = disks.find(({ value }) => value.get.name?.value === name.value);
  if (disk === undefined) return;
  const message = `the volume ${quoted(name.value)} is a disk already (${disk.path}): a volume is a disk or a filesystem`;
  report.error('mutually-exclusive', name, message);
}

function sharedSource(
  source: DiskSource | undefined,
  volume: VolumeFields | undefined,
  report: Report,
): FilesystemSource | undefined {
  if (source === undefined || volume === undefined) return undefined;
  const readonly = volume.value.get.persistentVolumeClaim?.value.get.readOnly?.value ?? false;
  if (source.kind === 'objectData') {
    const { label: _, ...object } = source;
    return object;
  }
  if (source.kind === 'claim' && !source.ephemeral)
    return { kind: 'claim', claim: source.claim, readonly };
  report.error('unsupported-value', volume, ONLY_DIRECTORIES);
  return undefined;
}

const ONLY_DIRECTORIES =
  'a filesystem shares a directory: its volume is a persistentVolumeClaim, dataVolume, configMap or secret';

function withDirectories(
  specs: readonly FilesystemSpec[],
  annotation: Found<string> | undefined,
  report: Report,
): readonly FilesystemSpec[] {
  if (annotation === undefined) return specs;
  const paths = readDirectories(annotation, report);
  const claims = specs.flatMap(({ source }) => (source.kind === 'claim' ? [source.claim] : []));
  for (const claim of paths.keys())
    if (!claims.includes(claim)) {
      const message = () => `no filesystem shares the claim ${claim}${didYouMean(claim, claims)}`;
      report.error('unknown-claim', annotation, message);
    }
  return specs.map(({ name, source }) => {
    const path = source.kind === 'claim' ? paths.get(source.claim) : undefined;
    return { name, source: path === undefined ? source : { ...source, path } };
  });
}

function readDirectories(annotation: Found<string>, report: Report): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  const entries = annotation.value.split(/[,\n]/).map((entry) => entry.trim());
  for (const entry of entries.filter((written) => written !== '')) {
    const [, claim = '', path = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(entry) ?? [];
    const fault = claim === '' ? FORM : (checkDnsSubdomain(claim) ?? checkHostPath(path));
    if (fault !== undefined)
      report.error('invalid-host-directory', annotation, `${quoted(entry)}: ${fault}`);
    else if (paths.has(claim))
      report.error('duplicate-name', annotation, `the claim ${claim} stands there twice`);
    else paths.set(claim, path);
  }
  return paths;
}

const FORM = 'expected CLAIM=PATH, such as media=/srv/media';
