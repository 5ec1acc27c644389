/** Changes of a map whose fields stand on lines of their own. */
import { isScalar, type ParsedNode, Scalar, type YAMLMap } from 'yaml';
import type { JsonObject } from '../model/json.ts';
import { insertLines } from './edit-lines.ts';
import {
  type Change,
  type Field,
  isEmptyJson,
  mentions,
  ownAnchor,
  put,
  type Slot,
  type Walk,
} from './edit-place.ts';
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
import type { SourceMap } from './source-node.ts';
import { blockLines, rankOf } from './write-yaml.ts';

/** @returns false when the map is written in a way that cannot be changed field by field */
export function changeMap(
  walk: Walk,
  slot: Slot,
  node: YAMLMap.Parsed,
  source: SourceMap,
  wanted: JsonObject,
  change: Change,
): boolean {
  const fields = fieldsOf(walk, slot, node, source);
  if (fields === undefined || isEmptyJson(wanted)) return false;
  const { goes, added } = planOf(walk, fields, source, wanted);
  const kept = fields.filter((_, index) => goes[index] !== true);
  if (kept.length === 0) return false;
  for (const { merge, name, slot: inner } of kept) {
    const value = wanted[name];
    if (merge === undefined && value !== undefined) change(walk, inner, value);
  }
  removeFields(walk, slot, fields, goes);
  for (const [place, names] of placesFor(added, kept)) {
    const object = Object.fromEntries(names.map((name) => [name, wanted[name] ?? null]));
    addFields(walk, slot, { fields, kept, place }, blockLines(object, walk.style));
  }
  return true;
}

interface Plan {
  /** For each field of the text whether it goes. */
  readonly goes: readonly boolean[];
  /** Names of fields that the text is to get. */
  readonly added: readonly string[];
}

/** What is merged in can be overridden, but not taken away: for that the merge goes, and the rest of it is written out. */
function planOf(walk: Walk, fields: readonly Field[], source: SourceMap, wanted: JsonObject): Plan {
  const explicit = new Set(fields.flatMap(({ merge, name }) => (merge ? [] : [name])));
  const mergedGone = [...source.entries.keys()].some(
    (name) => !explicit.has(name) && !Object.hasOwn(wanted, name),
  );
  const goes = fields.map(({ merge, name, slot }) =>
    merge === undefined ? !Object.hasOwn(wanted, name) : mergedGone || mentions(walk, slot.node),
  );
  const unmerged = fields.some(({ merge }, index) => merge !== undefined && goes[index] === true);
  const added = Object.entries(wanted).flatMap(([name, value]) => {
    if (explicit.has(name)) return [];
    const merged = source.entries.get(name);
    const isThere = merged !== undefined && !unmerged && isSource(merged.node, value);
    return isThere ? [] : [name];
  });
  return { goes, added };
}

interface Addition {
  readonly fields: readonly Field[];
  readonly kept: readonly Field[];
  /** Index in `kept` of the field that the new ones go behind; -1 for the beginning. */
  readonly place: number;
}

function addFields(
  walk: Walk,
  slot: Slot,
  { fields, kept, place }: Addition,
  lines: readonly string[],
): void {
  const { text } = walk;
  const [first] = kept;
  if (first === undefined) return;
  const column = columnOf(text, fields[0]?.start ?? first.start);
  const before = kept[place];
  // The first field of an item stands behind its dash: nothing fits between the two.
  const atTop = before === undefined && first === fields[0] && beginsLine(text, first.start);
  if (!atTop) {
    insertLines(walk, slot, (before ?? first).end, column, lines);
    return;
  }
  const pad = ' '.repeat(column);
  const block = lines.map((line, index) => (index === 0 || line === '' ? line : pad + line));
  put(walk, slot, first.start, first.start, `${block.join('\n')}\n${pad}`);
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
