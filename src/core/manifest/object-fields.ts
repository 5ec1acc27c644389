/**
 * The reader of maps: a table of the fields that are read, checked against all the fields that KubeVirt has
 * at that place, so that nothing in a manifest is ignored in silence.
 */

import { fieldPath, quoted } from './field-path.ts';
import type { Found, Read, Spot, ValueOf } from './fields.ts';
import { telling, unsupported, wrongType } from './fields.ts';
import { type KubeVirtType, kubevirtFields } from './kubevirt-fields.ts';
import type { Report } from './report.ts';
import { isNull, type SourceEntry, type SourceNode } from './source-node.ts';
import { didYouMean } from './suggest.ts';

type Readers = Readonly<Record<string, Read<unknown>>>;

/** What is said about the fields that no reader takes. */
interface KnownFields {
  readonly type: KubeVirtType;
  /** Whose API has the type, for messages; absent: KubeVirt's. */
  readonly owner?: string;
  readonly fields: Readers;
  /** Accepted with a warning: they concern clusters. */
  readonly clusterOnly?: readonly string[];
  /** Accepted without a word: the API server sets them. */
  readonly ignored?: readonly string[];
  /** Fields whose mere presence says something, so that an empty value is probably a slip. */
  readonly marks?: readonly string[];
}

export interface ObjectTable<F extends Readers> extends KnownFields {
  readonly fields: F;
  readonly required?: readonly (keyof F & string)[];
}

export interface ObjectFields<F> {
  /** Every field that is written and not null, known or not, valid or not. */
  readonly present: ReadonlySet<string>;
  /** The valid values. */
  readonly get: { readonly [K in keyof F]?: Found<ValueOf<F[K]>> };
}

/** Reads a map of a KubeVirt type. `null` counts as absent, as in Kubernetes. */
export function object<F extends Readers>(table: ObjectTable<F>): Read<ObjectFields<F>> {
  const { type, fields, required = [], clusterOnly = [], ignored = [] } = table;
  const inside = { kind: 'fields', type, fields, required, clusterOnly, ignored } as const;
  return telling(inside, (node, spot, report) => {
    if (node.kind !== 'map') return wrongType(node, spot, report, 'a map of fields');
    const present = new Set<string>();
    const get: Record<string, Found<unknown>> = {};
    for (const [key, entry] of node.entries) {
      const at = spotOf(spot, key, entry);
      if (isNull(entry.node)) {
        reportNull(table, key, at, report);
        continue;
      }
      present.add(key);
      const reader = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (reader === undefined) {
        reportUnread(table, key, at, entry.node, report);
        continue;
      }
      const value = reader(entry.node, at, report);
      if (value !== undefined) get[key] = { ...at, value };
    }
    for (const name of required) if (!present.has(name)) reportMissing(spot, name, report);
    return { present, get: get as ObjectFields<F>['get'] };
  });
}

/** Reads a map of free names, each with the same kind of value. */
export function mapOf<T>(value: Read<T>, expected: string): Read<ReadonlyMap<string, Found<T>>> {
  return telling({ kind: 'map', value }, (node, spot, report) => {
    if (node.kind !== 'map') return wrongType(node, spot, report, expected);
    const found = new Map<string, Found<T>>();
    for (const [key, entry] of node.entries) {
      const at = spotOf(spot, key, entry);
      const read = value(entry.node, at, report);
      if (read !== undefined) found.set(key, { ...at, value: read });
    }
    return found;
  });
}

export function reportMissing(spot: Spot, name: string, report: Report): void {
  const place = { path: fieldPath(spot.path, name), offset: spot.keyOffset };
  report.error('required', place, `${name} is required and missing`);
}

function spotOf(parent: Spot, key: string, entry: SourceEntry): Spot {
  return {
    path: fieldPath(parent.path, key),
    offset: entry.node.offset,
    keyOffset: entry.keyOffset,
  };
}

function reportNull(table: KnownFields, key: string, at: Spot, report: Report): void {
  const place = { path: at.path, offset: at.keyOffset };
  if (table.marks?.includes(key) === true)
    report.warning(
      'null-object',
      place,
      `${key} has no value and so counts as absent; write "${key}: {}" to have it`,
    );
  else if (!kubevirtFields(table.type).includes(key)) reportUnknown(table, key, place, report);
}

function reportUnread(
  table: KnownFields,
  key: string,
  at: Spot,
  node: SourceNode,
  report: Report,
): void {
  const place = { path: at.path, offset: at.keyOffset };
  if (table.ignored?.includes(key) === true) return;
  if (table.clusterOnly?.includes(key) === true)
    report.warning(
      'cluster-only-field',
      place,
      `${key} concerns clusters and has no effect on a single host`,
    );
  else if (!kubevirtFields(table.type).includes(key)) reportUnknown(table, key, place, report);
  // An empty list asks for nothing.
  else if (node.kind !== 'list' || node.items.length > 0)
    report.error('unsupported-field', place, unsupported(key, table.owner));
}

function reportUnknown(
  table: KnownFields,
  key: string,
  place: { readonly path: string; readonly offset: number },
  report: Report,
): void {
  report.error('unknown-field', place, () => {
    const guess = didYouMean(key, kubevirtFields(table.type));
    const known = Object.keys(table.fields);
    const hint = guess === '' && known.length > 0 ? `; known here: ${known.join(', ')}` : guess;
    return `unknown field ${quoted(key)}${hint}`;
  });
}
