/** What the parts of `edit-walk.ts` hand each other: where a value stands, and what has been found so far. */
import { isAlias, isMap, isSeq, type ParsedNode } from 'yaml';
import type { Json } from '../model/json.ts';
import type { Splice } from './edit-splices.ts';
import type { SourceNode } from './source-node.ts';
import type { YamlStyle } from './write-yaml.ts';

export interface Walk {
  readonly text: string;
  readonly style: YamlStyle;
  readonly lineBreak: string;
  /** Anchors whose aliases are to be written out, because the anchors go. */
  readonly expand: ReadonlySet<string>;
  readonly splices: Splice[];
  /** Anchors that the splices remove. */
  readonly lost: Set<string>;
  /** Anchors around the splices: their aliases change along. */
  readonly touched: Set<string>;
  /** Aliases that are to become values, unless their anchor was changed in the same walk. */
  readonly aliases: { readonly name: string; readonly splice: Splice }[];
}

/** Where a value stands. */
export interface Slot {
  readonly node: ParsedNode | null;
  readonly source: SourceNode;
  /** Behind the `:` or `-`. */
  readonly after: number;
  /** Column of the key or the dash. */
  readonly indent: number;
  readonly kind: 'pair' | 'item';
  /** Anchors around it. */
  readonly anchors: readonly string[];
}

/** One field of a map, as it stands in the text. */
export interface Field {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly slot: Slot;
  readonly merge: string | undefined;
}

/** What is done about a value inside another one. */
export type Change = (walk: Walk, slot: Slot, wanted: Json) => void;

export function put(walk: Walk, slot: Slot, start: number, end: number, text: string): void {
  for (const name of slot.anchors) walk.touched.add(name);
  walk.splices.push({ start, end, text: text.replaceAll('\n', walk.lineBreak) });
}

export function ownAnchor(node: ParsedNode | null): readonly string[] {
  return node === null || isAlias(node) || node.anchor === undefined ? [] : [node.anchor];
}

export function hasTag({ text }: Walk, { node, after }: Slot): boolean {
  return node !== null && /(^|\s)!/.test(text.slice(after, node.range[0]).replaceAll(/#.*/g, ''));
}

/** Whether a node has an alias that is to be written out. */
export function mentions(walk: Walk, node: ParsedNode | null): boolean {
  if (node === null) return false;
  if (isAlias(node)) return walk.expand.has(node.source);
  if (isMap(node))
    return node.items.some(({ value }) => mentions(walk, value as ParsedNode | null));
  return isSeq(node) && node.items.some((item) => mentions(walk, item as ParsedNode | null));
}

export function isEmptyJson(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
