/** Secrets, ConfigMaps and networks of the files, as the socket serves them: to be looked at, never to be changed. */
import {
  NETWORK_KIND,
  type ObjectValue,
  objectKey,
  type ValueObject,
} from '../core/model/file-object.ts';
import type { ObjectSnapshot } from '../supervisor/file-objects.ts';
import { AGE, NAME } from './columns-vm.ts';
import type { ObjectMeta } from './contract-meta.ts';
import type { ConfigMapObject, NetworkObject, SecretObject } from './contract-objects.ts';
import type { Served } from './present.ts';
import { NETWORK_GROUP } from './resources.ts';
import { rfc3339 } from './rfc3339.ts';
import { type Store, sourceOf } from './source.ts';
import { stableUid } from './stable-uid.ts';
import type { TableColumn } from './table.ts';

export function servedSecrets(store: Store<ObjectSnapshot>): Served<SecretObject> {
  return {
    group: '',
    plural: 'secrets',
    kind: 'Secret',
    source: sourceOf(store, renderSecret),
    columns: [
      NAME,
      {
        name: 'Type',
        type: 'string',
        description: 'What the values are for',
        cell: ({ type }) => type,
      },
      dataColumn(({ data }) => sizeOf(data)),
      AGE,
    ],
    fields: { type: ({ type }) => type },
  };
}

export function servedConfigMaps(store: Store<ObjectSnapshot>): Served<ConfigMapObject> {
  return {
    group: '',
    plural: 'configmaps',
    kind: 'ConfigMap',
    source: sourceOf(store, renderConfigMap),
    columns: [NAME, dataColumn(({ data, binaryData }) => sizeOf(data) + sizeOf(binaryData)), AGE],
    fields: {},
  };
}

export function servedNetworks(store: Store<ObjectSnapshot>): Served<NetworkObject> {
  return {
    group: NETWORK_GROUP,
    plural: 'network-attachment-definitions',
    kind: NETWORK_KIND,
    source: sourceOf(store, renderNetwork),
    columns: [NAME, AGE],
    fields: {},
  };
}

function renderNetwork(snapshot: ObjectSnapshot): NetworkObject | undefined {
  const { object } = snapshot;
  if (object.kind !== NETWORK_KIND) return undefined;
  return {
    apiVersion: `${NETWORK_GROUP}/v1`,
    kind: NETWORK_KIND,
    metadata: metadataOf(snapshot),
    spec: { config: object.config },
  };
}

function dataColumn<T>(count: (object: T) => number): TableColumn<T> {
  return { name: 'Data', type: 'string', description: 'How many values it has', cell: count };
}

function sizeOf(values: Readonly<Record<string, string>> | undefined): number {
  return Object.keys(values ?? {}).length;
}

function renderSecret(snapshot: ObjectSnapshot): SecretObject | undefined {
  const { object } = snapshot;
  if (object.kind !== 'Secret') return undefined;
  const data = named(object, asBase64);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(snapshot),
    type: object.type,
    ...(object.immutable && { immutable: true }),
    ...(data && { data }),
  };
}

function renderConfigMap(snapshot: ObjectSnapshot): ConfigMapObject | undefined {
  const { object } = snapshot;
  if (object.kind !== 'ConfigMap') return undefined;
  const data = named(object, (value) => ('text' in value ? value.text : undefined));
  const binaryData = named(object, (value) => ('base64' in value ? value.base64 : undefined));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadataOf(snapshot),
    ...(object.immutable && { immutable: true }),
    ...(data && { data }),
    ...(binaryData && { binaryData }),
  };
}

function asBase64(value: ObjectValue): string {
  return 'text' in value ? Buffer.from(value.text).toString('base64') : value.base64;
}

/** Undefined when there is nothing to show: Kubernetes then leaves the field out. */
function named(
  { values }: ValueObject,
  show: (value: ObjectValue) => string | undefined,
): Readonly<Record<string, string>> | undefined {
  const shown = [...values].flatMap(([key, value]) => {
    const text = show(value);
    return text === undefined ? [] : [[key, text] as const];
  });
  return shown.length === 0 ? undefined : Object.fromEntries(shown);
}

function metadataOf({ object, since, resourceVersion }: ObjectSnapshot): ObjectMeta {
  const { namespace, name, labels, annotations } = object;
  return {
    name,
    namespace,
    uid: stableUid(objectKey(object)),
    resourceVersion: String(resourceVersion),
    creationTimestamp: rfc3339(since),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}
