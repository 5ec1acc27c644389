/**
 * Compares a document with the object that it is to declare, and finds the fewest stretches of text to be changed.
 * What it proposes is checked by `edit-document.ts`, which reads the new text again; so this may be wrong about odd
 * YAML, but it must end.
 */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Json, JsonObject } from '../model/json.ts';
import { changeFlow } from './edit-flow.ts';
import { changeMap } from './edit-map.ts';
import { hasTag, ownAnchor, put, type Slot, type Walk } from './edit-place.ts';
import { replace } from './edit-replace.ts';
import { changeSeq } from './edit-seq.ts';
import { columnOf, isBlockScalar, isEmpty } from './edit-splices.ts';
import { isJsonList, isJsonObject, isSource } from './same-json.ts';
import type { SourceNode } from './source-node.ts';
import { scalarText } from './write-yaml.ts';

/** @returns the splices for a whole document whose contents are a block map */
export function walkDocument(
  walk: Walk,
  root: ParsedNode,
  source: SourceNode,
  wanted: JsonObject,
): boolean {
  if (!isMap(root) || root.flow === true || source.kind !== 'map') return false;
  const indent = columnOf(walk.text, root.range[0]);
  const slot: Slot = {
    node: root,
    source,
    after: root.range[0],
    indent: indent - walk.style.step,
    kind: 'pair',
    anchors: ownAnchor(root),
  };
  if (!changeMap(walk, slot, root, source, wanted, change)) return false;
  for (const { name, splice } of walk.aliases)
    if (!walk.touched.has(name)) walk.splices.push(splice);
  return true;
}

function change(walk: Walk, slot: Slot, wanted: Json): void {
  const { node, source } = slot;
  const same = isSource(source, wanted);
  if (node !== null && isAlias(node)) {
    if (!same || walk.expand.has(node.source)) changeAlias(walk, slot, node.source, wanted);
    return;
  }
  if (same && walk.expand.size === 0) return;
  if (node === null || isEmpty(node)) {
    if (!same) replace(walk, slot, wanted);
    return;
  }
  if (isMap(node) && source.kind === 'map' && isJsonObject(wanted)) {
    if (node.flow === true) changeFlow(walk, slot, wanted);
    else if (!changeMap(walk, slot, node, source, wanted, change)) replace(walk, slot, wanted);
    return;
  }
  if (isSeq(node) && source.kind === 'list' && isJsonList(wanted)) {
    if (node.flow === true) changeFlow(walk, slot, wanted);
    else if (!changeSeq(walk, slot, node, source, wanted, change)) replace(walk, slot, wanted);
    return;
  }
  if (same) return;
  const inPlace =
    isScalar(node) && !isBlockScalar(node) && !hasTag(walk, slot) && fitsOneLine(wanted);
  if (inPlace) put(walk, slot, node.range[0], node.range[1], scalarText(wanted, node.type, false));
  else replace(walk, slot, wanted);
}

function changeAlias(walk: Walk, slot: Slot, name: string, wanted: Json): void {
  const before = walk.splices.length;
  replace(walk, slot, wanted);
  for (const splice of walk.splices.splice(before)) walk.aliases.push({ name, splice });
}

function fitsOneLine(value: Json): boolean {
  return (typeof value !== 'object' || value === null) && !/[\n\r]/.test(String(value));
}
