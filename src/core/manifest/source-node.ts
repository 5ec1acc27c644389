/**
 * A document as plain values that remember where they stand: what the readers of fields look at.
 * Aliases lead to the same node and are not copied; `weight` and `depth` count as if they were.
 */

import type { Json, JsonObject } from '../model/json.ts';
import { shortened } from './field-path.ts';

interface Base {
  /** Where the value begins in the file. */
  readonly offset: number;
  /** Values in here with aliases expanded; long text counts for several. */
  readonly weight: number;
  readonly depth: number;
}

export interface SourceScalar extends Base {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** A number as written: exact where the value is not. */
  readonly source: string;
}

export interface SourceMap extends Base {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, SourceEntry>;
}

export interface SourceList extends Base {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
}

export type SourceNode = SourceScalar | SourceMap | SourceList;

export interface SourceEntry {
  readonly keyOffset: number;
  readonly node: SourceNode;
}

/** Names what was found, for messages. */
export function describeNode(node: SourceNode): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return 'text';
  return typeof node.value === 'number'
    ? `the number ${shortened(node.source, 40)}`
    : `${node.value}`;
}

/** The same without a value: for places whose values must not be shown. */
export function nameOfNode(node: SourceNode): string {
  if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'string')
    return describeNode(node);
  return typeof node.value === 'number' ? 'a number' : 'true or false';
}

export function isNull(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

export function toJson(node: SourceNode): Json {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toJson);
    case 'map':
      return toJsonObject(node);
  }
}

export function toJsonObject(map: SourceMap): JsonObject {
  // fromEntries defines properties, so a key `__proto__` is only a key.
  return Object.fromEntries([...map.entries].map(([key, entry]) => [key, toJson(entry.node)]));
}
