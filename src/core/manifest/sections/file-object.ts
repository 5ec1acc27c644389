/**
 * Objects beside VMs. `Secret` and `ConfigMap` of Kubernetes' core group, by the rules of its API server
 * (`ValidateSecret`, `ValidateConfigMap`); networks are read in `network-object.ts`.
 */
import type { FileObject, ObjectKind, ObjectValue } from '../../model/file-object.ts';
import { type Found, flag, oneOf, type Spot, text } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { ProblemCollector, Report } from '../report.ts';
import type { SourceMap } from '../source-node.ts';
import { BASE64_DATA, type DataMap, reportTooLarge, TEXT_DATA } from './data-values.ts';
import { OBJECT_METADATA } from './metadata.ts';
import { readNetwork } from './network-object.ts';
import { headOf, spotOf } from './object-head.ts';

export const SECRET = object({
  type: 'Secret',
  fields: {
    apiVersion: oneOf(['v1']),
    kind: oneOf(['Secret']),
    metadata: OBJECT_METADATA,
    type: text(() => undefined, { mayBeEmpty: true }),
    data: BASE64_DATA,
    stringData: TEXT_DATA,
    immutable: flag,
  },
  required: ['apiVersion', 'kind', 'metadata'],
});

export const CONFIG_MAP = object({
  type: 'ConfigMap',
  fields: {
    apiVersion: oneOf(['v1']),
    kind: oneOf(['ConfigMap']),
    metadata: OBJECT_METADATA,
    data: TEXT_DATA,
    binaryData: BASE64_DATA,
    immutable: flag,
  },
  required: ['apiVersion', 'kind', 'metadata'],
});

/** The object that a document declares. Of use only when no error was reported. @param file the whole file's text */
export function readFileObject(
  root: SourceMap,
  kind: ObjectKind,
  file: string,
  report: ProblemCollector,
): FileObject | undefined {
  switch (kind) {
    case 'Secret':
      return readSecret(root, report);
    case 'ConfigMap':
      return readConfigMap(root, report);
    case 'NetworkAttachmentDefinition':
      return readNetwork(root, file, report);
  }
}

function readSecret(root: SourceMap, report: Report): FileObject | undefined {
  const spot = spotOf(root);
  const found = SECRET(root, spot, report)?.get;
  const head = headOf(found?.metadata);
  if (found === undefined || head === undefined) return undefined;
  // As in Kubernetes, what is written as text wins.
  const values = valuesOf(found.data, found.stringData);
  const type = found.type?.value || 'Opaque';
  reportMissingKeys(type, values, found.type ?? spot, report);
  reportTooLarge(values, spot, report);
  return {
    kind: 'Secret',
    ...head,
    immutable: found.immutable?.value ?? false,
    type,
    values,
  };
}

/** Keys that a type of Secret must have: all of one of the sets. */
const KEYS_OF_TYPE: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'kubernetes.io/basic-auth': [['username'], ['password']],
  'kubernetes.io/dockercfg': [['.dockercfg']],
  'kubernetes.io/dockerconfigjson': [['.dockerconfigjson']],
  'kubernetes.io/ssh-auth': [['ssh-privatekey']],
  'kubernetes.io/tls': [['tls.crt', 'tls.key']],
};

function reportMissingKeys(
  type: string,
  values: ReadonlyMap<string, ObjectValue>,
  at: Spot,
  report: Report,
): void {
  const sets = Object.hasOwn(KEYS_OF_TYPE, type) ? (KEYS_OF_TYPE[type] ?? []) : [];
  if (sets.length === 0 || sets.some((keys) => keys.every((key) => values.has(key)))) return;
  const wanted = sets.map((keys) => keys.join(' and ')).join(' or ');
  report.error(
    'required',
    { path: 'data', offset: at.offset },
    `a Secret of type ${type} must have ${wanted}`,
  );
}

function readConfigMap(root: SourceMap, report: Report): FileObject | undefined {
  const spot = spotOf(root);
  const found = CONFIG_MAP(root, spot, report)?.get;
  const head = headOf(found?.metadata);
  if (found === undefined || head === undefined) return undefined;
  for (const [key, { path, keyOffset }] of found.binaryData?.value ?? [])
    if (found.data?.value.has(key) === true)
      report.error(
        'duplicate-key',
        { path, offset: keyOffset },
        'this key stands under data too; keep one',
      );
  const values = valuesOf(found.data, found.binaryData);
  reportTooLarge(values, spot, report);
  return {
    kind: 'ConfigMap',
    ...head,
    immutable: found.immutable?.value ?? false,
    values,
  };
}

/** In the order of keys, as Kubernetes shows them. @param maps the later ones win */
function valuesOf(...maps: readonly (Found<DataMap> | undefined)[]): Map<string, ObjectValue> {
  const all = maps.flatMap((map) => [...(map?.value ?? [])]);
  const values = new Map(all.map(([key, { value }]) => [key, value]));
  return new Map([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}
