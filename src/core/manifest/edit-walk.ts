/**
 * Compares a document with the object that it is to declare, and finds the fewest stretches of text to be changed.
 * What it proposes is checked by `edit-document.ts`, which reads the new text again; so this may be wrong about odd
 * YAML, but it must end.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Json, JsonObject } from '../model/virtual-machine.ts';
import { alignItems } from './edit-align.ts';
import {
  anchorsIn,
  beginsLine,
  behind,
  columnOf,
  isBlockScalar,
  isEmpty,
  lineEnd,
  lineStart,
  type Splice,
  valueEnd,
  withCommentsAbove,
} from './edit-splices.ts';
import { isJsonList, isJsonObject, isSource } from './same-json.ts';
import type { SourceList, SourceMap, SourceNode } from './source-node.ts';
import { blockLines, flowText, rankOf, scalarText, type YamlStyle } from './write-yaml.ts';

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
interface Slot {
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
interface Field {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly slot: Slot;
  readonly merge: string | undefined;
}

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
  if (!changeMap(walk, slot, root, source, wanted)) return false;
  for (const { name, splice } of walk.aliases)
    if (!walk.touched.has(name)) walk.splices.push(splice);
  return true;
}

function ownAnchor(node: ParsedNode | null): readonly string[] {
  return node === null || isAlias(node) || node.anchor === undefined ? [] : [node.anchor];
}

function put(walk: Walk, slot: Slot, start: number, end: number, text: string): void {
  for (const name of slot.anchors) walk.touched.add(name);
  walk.splices.push({ start, end, text: text.replaceAll('\n', walk.lineBreak) });
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
    else if (!changeMap(walk, slot, node, source, wanted)) replace(walk, slot, wanted);
    return;
  }
  if (isSeq(node) && source.kind === 'list' && isJsonList(wanted)) {
    if (node.flow === true) changeFlow(walk, slot, wanted);
    else if (!changeSeq(walk, slot, node, source, wanted)) replace(walk, slot, wanted);
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

function hasTag({ text }: Walk, { node, after }: Slot): boolean {
  return node !== null && /(^|\s)!/.test(text.slice(after, node.range[0]).replaceAll(/#.*/g, ''));
}

/** Only single values change inside brackets in place; anything else has the brackets written anew. */
function changeFlow(walk: Walk, slot: Slot, wanted: Json): void {
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

function isEmptyJson(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Whether a node has an alias that is to be written out. */
function mentions(walk: Walk, node: ParsedNode | null): boolean {
  if (node === null) return false;
  if (isAlias(node)) return walk.expand.has(node.source);
  if (isMap(node))
    return node.items.some(({ value }) => mentions(walk, value as ParsedNode | null));
  return isSeq(node) && node.items.some((item) => mentions(walk, item as ParsedNode | null));
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

/** Writes a value anew, with the comments between its key and itself. */
function replace(walk: Walk, slot: Slot, wanted: Json): void {
  const { text } = walk;
  const { node, after, indent, kind } = slot;
  for (const name of anchorsIn(node)) walk.lost.add(name);
  const begin = node === null || isEmpty(node) ? after : Math.max(after, node.range[0]);
  const end = Math.max(after, valueEnd(text, node, after));
  const comments = [...text.slice(after, begin).matchAll(/(?<=^|\s)#[^\r\n]*/g)].map(([comment]) =>
    comment.trimEnd(),
  );
  if (node !== null && isScalar(node) && isBlockScalar(node)) {
    const header = /^[|>][^\s#]*[ \t]+(#[^\r\n]*)/.exec(text.slice(begin, end))?.[1];
    if (header !== undefined) comments.push(header);
  }
  const trailing = /^[ \t]+(#[^\r\n]*)/.exec(text.slice(end, lineEnd(text, end)));
  const [head = '', ...lines] = kind === 'pair' ? pairLines(walk, wanted) : itemLines(walk, wanted);
  const pad = ' '.repeat(indent);
  const rest = lines.map((line) => (line === '' ? line : pad + line));
  const isBlock = rest.length > 0;
  // Behind a block there is no place for a comment of its first line.
  const notes = isBlock && trailing !== null ? [...comments, trailing[1] ?? ''] : comments;
  const stop = isBlock && trailing !== null ? end + trailing[0].length : end;
  put(walk, slot, after, stop, withNotes([head, ...rest], notes, pad, kind));
}

/** Comments go to the end of the first line, or where that is the first field of an item, above it. */
function withNotes(
  [head = '', ...rest]: readonly string[],
  notes: readonly string[],
  pad: string,
  kind: Slot['kind'],
): string {
  const [first, ...others] = notes;
  if (first === undefined) return [head, ...rest].join('\n');
  const inOneLine = rest.length === 0 || /^ [|>]/.test(head);
  if (inOneLine) return [`${head} ${notes.join(' ')}`, ...rest].join('\n');
  const above = others.map((note) => `${pad}  ${note}`);
  if (kind === 'pair') return [`${head} ${first}`, ...above, ...rest].join('\n');
  return [` ${first}`, ...above, `${pad}  ${head.trimStart()}`, ...rest].join('\n');
}

/** What stands behind `key:`, the first line first. */
function pairLines(walk: Walk, value: Json): readonly string[] {
  const [head = '', ...rest] = blockLines({ k: value }, walk.style);
  return [head.slice(2), ...rest];
}

/** What stands behind `-`. */
function itemLines(walk: Walk, value: Json): readonly string[] {
  const [head = '', ...rest] = blockLines([value], {
    ...walk.style,
    indentSeq: walk.style.indentSeq,
  });
  return [head.slice(1), ...rest];
}

/** @returns false when the map is written in a way that cannot be changed field by field */
function changeMap(
  walk: Walk,
  slot: Slot,
  node: YAMLMap.Parsed,
  source: SourceMap,
  wanted: JsonObject,
): boolean {
  const { text } = walk;
  const fields = fieldsOf(walk, slot, node, source);
  if (fields === undefined || isEmptyJson(wanted)) return false;
  const explicit = new Set(
    fields.flatMap(({ merge, name }) => (merge === undefined ? [name] : [])),
  );
  const mergedGone = [...source.entries.keys()].some(
    (name) => !explicit.has(name) && !Object.hasOwn(wanted, name),
  );
  const goes = fields.map(({ merge, name, slot: inner }) =>
    merge === undefined ? !Object.hasOwn(wanted, name) : mergedGone || mentions(walk, inner.node),
  );
  const merges = fields.some(({ merge }, index) => merge !== undefined && goes[index] === true);
  const added = Object.keys(wanted).filter((name) => {
    const value = wanted[name];
    if (value === undefined || explicit.has(name)) return false;
    const merged = source.entries.get(name);
    return merged === undefined || merges || !isSource(merged.node, value);
  });
  const kept = fields.filter((_, index) => goes[index] !== true);
  if (kept.length === 0) return false;
  for (const { merge, name, slot: inner } of kept) {
    const value = wanted[name];
    if (merge === undefined && value !== undefined) change(walk, inner, value);
  }
  removeFields(walk, slot, fields, goes);
  const inline = !beginsLine(text, fields[0]?.start ?? 0);
  for (const [place, names] of placesFor(added, kept)) {
    const object = Object.fromEntries(names.map((name) => [name, wanted[name] ?? null]));
    const column = columnOf(text, fields[0]?.start ?? 0);
    const lines = blockLines(object, walk.style);
    const at = kept[place];
    if (at === undefined && !inline && kept[0] !== undefined && kept[0] === fields[0]) {
      const pad = ' '.repeat(column);
      put(
        walk,
        slot,
        kept[0].start,
        kept[0].start,
        `${lines.map((line, index) => (index === 0 || line === '' ? line : pad + line)).join('\n')}\n${pad}`,
      );
    } else insertLines(walk, slot, (at ?? kept[0])?.end ?? 0, column, lines);
  }
  return true;
}

/** Behind which field (its index, -1 for the beginning) each new field goes. */
function placesFor(
  added: readonly string[],
  kept: readonly Field[],
): ReadonlyMap<number, readonly string[]> {
  const places = new Map<number, string[]>();
  for (const name of added) {
    const rank = rankOf(name);
    const next = kept.findIndex((field) => rank !== undefined && (rankOf(field.name) ?? -1) > rank);
    const place = next === -1 ? kept.length - 1 : next - 1;
    places.set(place, [...(places.get(place) ?? []), name]);
  }
  return places;
}

/** Whole lines behind the line on which something ends. */
function insertLines(
  walk: Walk,
  slot: Slot,
  end: number,
  column: number,
  lines: readonly string[],
): void {
  const { text } = walk;
  const at = lineEnd(text, end);
  const pad = ' '.repeat(column);
  const block = lines.map((line) => (line === '' ? line : pad + line)).join('\n');
  const atEnd = at === text.length && !text.endsWith('\n');
  put(walk, slot, at, at, atEnd ? `\n${block}` : `${block}\n`);
}

function fieldsOf(
  walk: Walk,
  slot: Slot,
  node: YAMLMap.Parsed,
  source: SourceMap,
): readonly Field[] | undefined {
  const fields: Field[] = [];
  for (const pair of node.items) {
    const key = pair.key as ParsedNode | null;
    const { srcToken } = pair;
    if (srcToken === undefined || key === null || !isScalar(key) || key.anchor !== undefined)
      return undefined;
    if (
      srcToken.start.some(
        ({ type }) => type !== 'space' && type !== 'newline' && type !== 'comment',
      )
    )
      return undefined;
    const after = behind(srcToken.sep, 'map-value-ind');
    if (after === undefined) return undefined;
    const value = pair.value as ParsedNode | null;
    const isMerge = key.type === Scalar.PLAIN && key.source === '<<';
    const name = String(key.value);
    const inner = isMerge ? source : source.entries.get(name)?.node;
    if (inner === undefined || (!isMerge && typeof key.value !== 'string')) return undefined;
    fields.push({
      name,
      start: key.range[0],
      end: Math.max(after, valueEnd(walk.text, value, after)),
      slot: {
        node: value,
        source: inner,
        after,
        indent: columnOf(walk.text, key.range[0]),
        kind: 'pair',
        anchors: [...slot.anchors, ...ownAnchor(value)],
      },
      merge: isMerge ? '<<' : undefined,
    });
  }
  return fields.length === 0 ? undefined : fields;
}

function removeFields(
  walk: Walk,
  slot: Slot,
  fields: readonly Field[],
  goes: readonly boolean[],
): void {
  const { text } = walk;
  const first = fields[0];
  const firstKept = goes.indexOf(false);
  const inline = first !== undefined && !beginsLine(text, first.start);
  for (const [index, field] of fields.entries()) {
    if (goes[index] !== true) continue;
    for (const name of anchorsIn(field.slot.node)) walk.lost.add(name);
    if (inline && index < firstKept) continue;
    const previous = fields[index - 1];
    const limit = previous === undefined ? field.start : lineEnd(text, previous.end);
    const start =
      previous === undefined
        ? lineStart(text, field.start)
        : withCommentsAbove(text, field.start, limit);
    put(walk, slot, start, lineEnd(text, field.end), '');
  }
  const next = fields[firstKept];
  const last = fields[firstKept - 1];
  if (!inline || first === undefined || next === undefined || last === undefined) return;
  // The first field that stays moves up beside the dash, unless comments stand before it.
  const between = text.slice(lineEnd(text, last.end), next.start);
  if (between.trim() === '') put(walk, slot, first.start, next.start, '');
  else put(walk, slot, slot.after, lineEnd(text, last.end), '\n');
}

/** @returns false when the list is written in a way that cannot be changed item by item */
function changeSeq(
  walk: Walk,
  slot: Slot,
  node: YAMLSeq.Parsed,
  source: SourceList,
  wanted: readonly Json[],
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
