/** Changes of a list whose items stand on lines of their own. */
import type { ParsedNode, YAMLSeq } from 'yaml';
import type { Json } from '../model/json.ts';
import { alignItems } from './edit-align.ts';
import { insertLines } from './edit-lines.ts';
import { type Change, type Field, ownAnchor, put, type Slot, type Walk } from './edit-place.ts';
import {
  anchorsIn,
  beginsLine,
  behind,
  columnOf,
  lineEnd,
  lineStart,
  valueEnd,
  withCommentsAbove,
} from './edit-splices.ts';
import { isSource } from './same-json.ts';
import type { SourceList } from './source-node.ts';
import { blockLines } from './write-yaml.ts';

/** @returns false when the list is written in a way that cannot be changed item by item */
export function changeSeq(
  walk: Walk,
  slot: Slot,
  node: YAMLSeq.Parsed,
  source: SourceList,
  wanted: readonly Json[],
  change: Change,
): boolean {
  const { text } = walk;
  const items = itemsOf(walk, slot, node, source);
  if (items === undefined || wanted.length === 0) return false;
  const [firstItem] = items;
  if (firstItem === undefined || items.some(({ start }) => !beginsLine(text, start)))
    return isSource(source, wanted);
  const from = alignItems(source.items, wanted);
  const kept = new Set(from.filter((index) => index !== undefined));
  if (kept.size === 0) return false;
  for (const [index, value] of wanted.entries()) {
    const item = items[from[index] ?? -1];
    if (item !== undefined) change(walk, item.slot, value);
  }
  for (const [index, item] of items.entries()) {
    if (kept.has(index)) continue;
    for (const name of anchorsIn(item.slot.node)) walk.lost.add(name);
    const previous = items[index - 1];
    const limit = previous === undefined ? item.start : lineEnd(text, previous.end);
    const start =
      previous === undefined
        ? lineStart(text, item.start)
        : withCommentsAbove(text, item.start, limit);
    put(walk, slot, start, lineEnd(text, item.end), '');
  }
  insertItems(walk, slot, items, wanted, from);
  return true;
}

function insertItems(
  walk: Walk,
  slot: Slot,
  items: readonly Field[],
  wanted: readonly Json[],
  from: readonly (number | undefined)[],
): void {
  const { text } = walk;
  const column = columnOf(text, items[0]?.start ?? 0);
  const firstKept = from.findIndex((index) => index !== undefined);
  let behindItem: Field | undefined;
  for (const [index, value] of wanted.entries()) {
    const item = items[from[index] ?? -1];
    if (item !== undefined) {
      behindItem = item;
      continue;
    }
    const lines = blockLines([value], walk.style);
    if (behindItem !== undefined) {
      insertLines(walk, slot, behindItem.end, column, lines);
      continue;
    }
    const next = items[from[firstKept] ?? -1];
    const at = lineStart(text, next?.start ?? 0);
    const pad = ' '.repeat(column);
    put(
      walk,
      slot,
      at,
      at,
      `${lines.map((line) => (line === '' ? line : pad + line)).join('\n')}\n`,
    );
  }
}

function itemsOf(
  walk: Walk,
  slot: Slot,
  node: YAMLSeq.Parsed,
  source: SourceList,
): readonly Field[] | undefined {
  const token = node.srcToken;
  if (token?.type !== 'block-seq' || token.items.length !== node.items.length) return undefined;
  const items: Field[] = [];
  for (const [index, item] of node.items.entries()) {
    const tokens = token.items[index]?.start;
    const after = behind(tokens, 'seq-item-ind');
    const inner = source.items[index];
    if (after === undefined || inner === undefined) return undefined;
    const value = item as ParsedNode | null;
    items.push({
      name: String(index),
      start: after - 1,
      end: Math.max(after, valueEnd(walk.text, value, after)),
      slot: {
        node: value,
        source: inner,
        after,
        indent: columnOf(walk.text, after - 1),
        kind: 'item',
        anchors: [...slot.anchors, ...ownAnchor(value)],
      },
      merge: undefined,
    });
  }
  return items.length === 0 ? undefined : items;
}
