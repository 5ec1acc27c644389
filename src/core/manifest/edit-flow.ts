/** Changes inside brackets, `{bus: virtio}`. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml';
import type { Json } from '../model/json.ts';
import {
  hasTag,
  isEmptyJson,
  mentions,
  ownAnchor,
  put,
  type Slot,
  type Walk,
} from './edit-place.ts';
import { replace } from './edit-replace.ts';
import { anchorsIn, columnOf, isBlockScalar, isEmpty, type Splice } from './edit-splices.ts';
import { isJsonList, isJsonObject, isSource } from './same-json.ts';
import { flowText, scalarText } from './write-yaml.ts';

/** Only single values change inside brackets in place; anything else has the brackets written anew. */
export function changeFlow(walk: Walk, slot: Slot, wanted: Json): void {
  const { node, source } = slot;
  if (node === null) return;
  const inner: Splice[] = [];
  if (!hasTag(walk, slot) && flowScalars(walk, slot, wanted, inner)) {
    for (const { start, end, text } of inner) put(walk, slot, start, end, text);
    return;
  }
  if (isSource(source, wanted) && !mentions(walk, node)) return;
  const text = flowText(wanted);
  const wasEmpty = 'items' in node && node.items.length === 0;
  const grows = wasEmpty || columnOf(walk.text, node.range[0]) + text.length > 100;
  if (grows && !isEmptyJson(wanted)) {
    replace(walk, slot, wanted);
    return;
  }
  // The collection's own anchor stays where it is.
  for (const name of anchorsIn(node)) if (!ownAnchor(node).includes(name)) walk.lost.add(name);
  put(
    walk,
    { ...slot, anchors: [...slot.anchors, ...ownAnchor(node)] },
    node.range[0],
    node.range[1],
    text,
  );
}

/** @returns false when more than single values differ */
function flowScalars(
  walk: Walk,
  slot: Pick<Slot, 'node' | 'source'>,
  wanted: Json,
  found: Splice[],
): boolean {
  const { node, source } = slot;
  if (node !== null && mentions(walk, node)) return false;
  if (isSource(source, wanted)) return true;
  if (node === null || isEmpty(node) || isAlias(node) || node.anchor !== undefined) return false;
  if (isScalar(node)) {
    if (!isOneLineScalar(node, walk.text) || typeof wanted === 'object') return false;
    found.push({
      start: node.range[0],
      end: node.range[1],
      text: scalarText(wanted, node.type, true),
    });
    return true;
  }
  if (isMap(node) && source.kind === 'map' && isJsonObject(wanted)) {
    if (
      node.items.length !== source.entries.size ||
      Object.keys(wanted).length !== source.entries.size
    )
      return false;
    return node.items.every(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : '';
      const entry = source.entries.get(name);
      const next = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
      return (
        entry !== undefined &&
        next !== undefined &&
        flowScalars(walk, { node: value as ParsedNode | null, source: entry.node }, next, found)
      );
    });
  }
  if (
    !isSeq(node) ||
    source.kind !== 'list' ||
    !isJsonList(wanted) ||
    wanted.length !== node.items.length
  )
    return false;
  return node.items.every((item, index) => {
    const inner = source.items[index];
    const next = wanted[index];
    return (
      inner !== undefined &&
      next !== undefined &&
      flowScalars(walk, { node: item as ParsedNode | null, source: inner }, next, found)
    );
  });
}

function isOneLineScalar(node: Scalar.Parsed, text: string): boolean {
  const before = text.slice(Math.max(0, node.range[0] - 40), node.range[0]);
  return !isBlockScalar(node) && !/![^\s,[\]{}]*\s*$/.test(before);
}
