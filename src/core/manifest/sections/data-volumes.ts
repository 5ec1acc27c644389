/**
 * `dataVolumeTemplates`: disks that are made from something before the VM is started for the first time. Types and rules
 * are those of CDI (cdi.kubevirt.io/v1beta1) and of KubeVirt's admission.
 */
import type { DataVolume, DataVolumeContents } from '../../model/storage.ts';
import { quoted } from '../field-path.ts';
import { type Found, list, oneOf, only, quantity, text, type ValueOf } from '../fields.ts';
import { checkDnsLabel, DNS_LABEL } from '../names.ts';
import { mapOf, object } from '../object-fields.ts';
import type { NanoQuantity } from '../quantity.ts';
import type { Report } from '../report.ts';
import { PART_METADATA } from './metadata.ts';
import { reportDuplicateNames } from './named-items.ts';
import { OBJECT_NAME } from './object-volumes.ts';
import { checkImage, readCapacity, type VolumeFields } from './volumes.ts';

/** An annotation of the data volume, because CDI's type has no field for it. */
export const CHECKSUM = 'solovirt.io/checksum';

const RESOURCES = object({
  type: 'VolumeResourceRequirements',
  fields: { requests: mapOf(quantity, 'a map of resources to quantities') },
  required: ['requests'],
});

/** What a cluster's storage is asked for besides a size. */
const OF_CLUSTERS = ['accessModes', 'storageClassName', 'volumeMode', 'volumeName', 'selector'];

const SIZE = { resources: RESOURCES };

const SOURCE = object({
  type: 'CdiDataVolumeSource',
  fields: {
    blank: object({ type: 'DataVolumeBlankImage', fields: {} }),
    http: object({
      type: 'DataVolumeSourceHTTP',
      fields: { url: text(checkUrl) },
      required: ['url'],
    }),
    pvc: object({
      type: 'DataVolumeSourcePVC',
      fields: { name: OBJECT_NAME, namespace: text(checkDnsLabel, { pattern: DNS_LABEL }) },
      required: ['name', 'namespace'],
    }),
    registry: object({
      type: 'DataVolumeSourceRegistry',
      fields: { url: text(checkRegistryUrl), secretRef: OBJECT_NAME },
      required: ['url'],
      clusterOnly: ['pullMethod'],
    }),
    upload: object({ type: 'DataVolumeSourceUpload', fields: {} }),
  },
  marks: ['blank', 'upload'],
});

export const DATA_VOLUME_TEMPLATE = object({
  type: 'DataVolumeTemplateSpec',
  fields: {
    apiVersion: oneOf(['cdi.kubevirt.io/v1beta1']),
    kind: oneOf(['DataVolume']),
    metadata: PART_METADATA,
    spec: object({
      type: 'DataVolumeSpec',
      fields: {
        source: SOURCE,
        storage: object({ type: 'StorageSpec', fields: SIZE, clusterOnly: OF_CLUSTERS }),
        pvc: object({ type: 'PersistentVolumeClaimSpec', fields: SIZE, clusterOnly: OF_CLUSTERS }),
        contentType: only('kubevirt'),
        preallocation: only(false),
      },
      required: ['source'],
      clusterOnly: ['priorityClassName'],
    }),
  },
  required: ['metadata', 'spec'],
  ignored: ['status'],
});

export const DATA_VOLUME_TEMPLATES = list(DATA_VOLUME_TEMPLATE);

type Template = Found<ValueOf<typeof DATA_VOLUME_TEMPLATE>>;
type Spec = Found<ValueOf<typeof DATA_VOLUME_TEMPLATE>>['value']['get']['spec'];
type Source = NonNullable<NonNullable<Spec>['value']['get']['source']>;

function checkUrl(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return undefined;
  return `${quoted(url)} is not a URL that begins with http:// or https://`;
}

const DOCKER = 'docker://';

function checkRegistryUrl(url: string): string | undefined {
  if (!url.startsWith(DOCKER))
    return `${quoted(url)} does not begin with docker://, as the image of a registry does; put an archive into the image directory with \`solovirt images pull --from\``;
  return checkImage(url.slice(DOCKER.length));
}

/** @param volumes of the instance: each data volume is used by one of them */
export function resolveDataVolumes(
  templates: readonly Template[],
  volumes: readonly VolumeFields[],
  report: Report,
): readonly DataVolume[] {
  const named = templates.flatMap(({ value, ...spot }) => {
    const name = value.get.metadata?.value.get.name;
    return name ? [{ ...spot, value: { get: { name } } }] : [];
  });
  reportDuplicateNames(named, report);
  const used = new Set(volumes.map(claimOf));
  return templates.flatMap((template) => resolveTemplate(template, used, report) ?? []);
}

function claimOf({ value: { get } }: VolumeFields): string | undefined {
  const claim = get.persistentVolumeClaim?.value.get.claimName ?? get.dataVolume?.value.get.name;
  return claim?.value;
}

function resolveTemplate(
  { value }: Template,
  used: ReadonlySet<string | undefined>,
  report: Report,
): DataVolume | undefined {
  const { name, annotations } = value.get.metadata?.value.get ?? {};
  const spec = value.get.spec?.value.get;
  if (name && !used.has(name.value)) {
    const message = `no volume is the data volume ${quoted(name.value)}; add one with dataVolume: {name: ${name.value}}`;
    report.error('missing-volume', name, message);
  }
  const size = resolveSize(value.get.spec, report);
  const contents = spec?.source && resolveContents(spec.source, report);
  const checksum = annotations?.value.get(CHECKSUM);
  if (checksum && !/^sha256:[0-9a-f]{64}$/.test(checksum.value))
    report.error(
      'invalid-value',
      checksum,
      'expected sha256: and 64 hexadecimal digits, in lower case',
    );
  if (checksum && contents && contents.kind !== 'http')
    report.error('invalid-value', checksum, 'a checksum goes with source: http only');
  if (contents?.kind === 'blank' && size === undefined && value.get.spec)
    report.error(
      'required',
      value.get.spec,
      'a blank disk needs storage.resources.requests.storage',
    );
  if (name === undefined || contents === undefined) return undefined;
  return {
    name: name.value,
    contents:
      contents.kind === 'http' && checksum
        ? { ...contents, sha256: checksum.value.slice('sha256:'.length) }
        : contents,
    ...(size !== undefined && { sizeBytes: size }),
  };
}

/** Bytes, rounded up to whole sectors. */
function resolveSize(spec: Spec, report: Report): number | undefined {
  const { storage, pvc } = spec?.value.get ?? {};
  if (storage && pvc)
    report.error('mutually-exclusive', pvc, 'storage and pvc say the same; give one of them');
  const requests = (storage ?? pvc)?.value.get.resources?.value.get.requests;
  const size: Found<NanoQuantity> | undefined = requests?.value.get('storage');
  return size && readCapacity(size, report);
}

function resolveContents(source: Source, report: Report): DataVolumeContents | undefined {
  const { present, get } = source.value;
  if (present.size !== 1) {
    const found = present.size === 0 ? 'none' : [...present].join(', ');
    const code = present.size === 0 ? 'required' : 'mutually-exclusive';
    report.error(
      code,
      source,
      `a data volume has exactly one of blank, http, pvc, registry and upload, found ${found}`,
    );
    return undefined;
  }
  if (get.blank) return { kind: 'blank' };
  if (get.upload) return { kind: 'upload' };
  const { url: image, secretRef } = get.registry?.value.get ?? {};
  if (image)
    return {
      kind: 'registry',
      image: image.value.slice(DOCKER.length),
      ...(secretRef && { secret: secretRef.value }),
    };
  const url = get.http?.value.get.url;
  if (url) return { kind: 'http', url: url.value };
  const { name, namespace } = get.pvc?.value.get ?? {};
  if (name && namespace) return { kind: 'claim', claim: name.value, namespace: namespace.value };
  return undefined;
}
