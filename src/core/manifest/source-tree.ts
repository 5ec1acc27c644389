/**
 * Builds the positioned tree of a document: resolves aliases and merge keys, refuses duplicate and
 * non-text keys, and bounds what aliases expand to, so that a short file cannot become a huge one.
 * The library's own `toJS` is not used: it loses positions and counts aliases one by one.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { fieldPath, itemPath, quoted } from './field-path.ts';
import type { Place, Report } from './report.ts';
import {
  describeNode,
  type SourceEntry,
  type SourceNode,
  type SourceScalar,
} from './source-node.ts';
import { MAX_DEPTH } from './yaml-stream.ts';

/** Values of one document with aliases expanded. */
export const MAX_VALUES = 20_000;
const CHARACTERS_PER_VALUE = 200;

type AnyNode = ParsedNode | null | undefined;

interface Building {
  readonly report: Report;
  readonly anchors: Map<string, SourceNode>;
  /** Anchors whose node is not complete: an alias to one would contain itself. */
  readonly open: Set<string>;
  /** Entries copied by merge keys so far. */
  merged: number;
  /** Set once, when the document is refused as a whole. */
  refused: boolean;
}

/** The tree, or undefined when the document is refused; every fault is reported. */
export function buildSourceTree(contents: ParsedNode, report: Report): SourceNode | undefined {
  const building: Building = {
    report,
    anchors: new Map(),
    open: new Set(),
    merged: 0,
    refused: false,
  };
  const root = build(contents, '', 0, building);
  return building.refused ? undefined : root;
}

function build(node: AnyNode, path: string, offset: number, building: Building): SourceNode {
  const at = node?.range[0] ?? offset;
  if (building.refused || !node) return nothing(at);
  if (isAlias(node)) return resolveAlias(node, path, at, building);
  const anchor = node.anchor;
  if (anchor !== undefined) building.open.add(anchor);
  const built = buildValue(node, path, at, building);
  if (anchor !== undefined) {
    building.open.delete(anchor);
    building.anchors.set(anchor, built);
  }
  if (built.weight > MAX_VALUES || built.depth > MAX_DEPTH) refuse(path, at, building);
  return built;
}

function buildValue(
  node: ParsedNode,
  path: string,
  offset: number,
  building: Building,
): SourceNode {
  if (isMap(node)) return buildMap(node, path, offset, building);
  if (isSeq(node)) return buildList(node, path, offset, building);
  if (isScalar(node)) return buildScalar(node, path, offset, building);
  return nothing(offset);
}

function buildScalar(node: Scalar, path: string, offset: number, building: Building): SourceScalar {
  const { value } = node;
  const source = node.source ?? String(value);
  const weight = 1 + Math.floor(source.length / CHARACTERS_PER_VALUE);
  const base = { kind: 'scalar', offset, weight, depth: 1, source } as const;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const message = `${quoted(source)} is not a number that JSON has`;
    building.report.error('invalid-value', { path, offset }, message);
  } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { ...base, value };
  return { ...base, value: null };
}

function buildList(node: YAMLSeq, path: string, offset: number, building: Building): SourceNode {
  const items: SourceNode[] = [];
  for (const [index, item] of node.items.entries())
    items.push(build(item as AnyNode, itemPath(path, index), offset, building));
  return { kind: 'list', offset, items, ...size(items) };
}

function buildMap(node: YAMLMap, path: string, offset: number, building: Building): SourceNode {
  const entries = new Map<string, SourceEntry>();
  const merges: SourceNode[] = [];
  for (const pair of node.items) {
    if (building.refused) break;
    const keyNode = pair.key as AnyNode;
    const keyOffset = keyNode?.range[0] ?? offset;
    if (isMergeKey(keyNode)) {
      merges.push(build(pair.value as AnyNode, fieldPath(path, '<<'), keyOffset, building));
      continue;
    }
    const key = readKey(keyNode, path, keyOffset, building);
    if (key === undefined) continue;
    const value = build(pair.value as AnyNode, fieldPath(path, key), keyOffset, building);
    if (entries.has(key))
      building.report.error(
        'duplicate-key',
        { path: fieldPath(path, key), offset: keyOffset },
        `the key ${quoted(key)} stands twice in the same map; keep one`,
      );
    else entries.set(key, { keyOffset, node: value });
  }
  for (const merge of merges) mergeInto(entries, merge, { path, offset }, building);
  const own = size([...entries.values()].map((entry) => entry.node));
  return { kind: 'map', offset, entries, ...own };
}

function readKey(
  node: AnyNode,
  path: string,
  offset: number,
  building: Building,
): string | undefined {
  const key = node ? build(node, path, offset, building) : nothing(offset);
  if (key.kind === 'scalar' && typeof key.value === 'string') return key.value;
  building.report.error(
    'bad-key',
    { path, offset },
    `a key must be text, found ${describeNode(key)}; put it in quotes if it is meant as a name`,
  );
  return undefined;
}

/** YAML's merge key type (yaml.org/type/merge): a plain `<<`. */
function isMergeKey(node: AnyNode): boolean {
  return isScalar(node) && node.type === Scalar.PLAIN && node.source === '<<';
}

function mergeInto(
  entries: Map<string, SourceEntry>,
  from: SourceNode,
  into: Place,
  building: Building,
): void {
  for (const map of from.kind === 'list' ? from.items : [from]) {
    if (building.refused) return;
    if (map.kind !== 'map') {
      const place = { path: fieldPath(into.path, '<<'), offset: map.offset };
      building.report.error('wrong-type', place, `"<<" merges maps, found ${describeNode(map)}`);
      continue;
    }
    building.merged += map.entries.size;
    if (building.merged > MAX_VALUES) {
      refuse(into.path, into.offset, building);
      return;
    }
    for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry);
  }
}

function resolveAlias(
  node: Alias.Parsed,
  path: string,
  offset: number,
  building: Building,
): SourceNode {
  const target = building.open.has(node.source) ? undefined : building.anchors.get(node.source);
  if (target !== undefined) return target;
  const why = building.open.has(node.source)
    ? 'refers to a value that contains it'
    : 'refers to no anchor before it';
  building.report.error(
    'yaml-alias',
    { path, offset },
    `the alias ${quoted(`*${node.source}`)} ${why}`,
  );
  return nothing(offset);
}

function refuse(path: string, offset: number, building: Building): void {
  if (building.refused) return;
  building.refused = true;
  building.report.error(
    'too-complex',
    { path, offset },
    `with its aliases expanded the document has more than ${MAX_VALUES} values or ${MAX_DEPTH} levels; write it with fewer aliases`,
  );
}

function size(nodes: readonly SourceNode[]): { readonly weight: number; readonly depth: number } {
  let weight = 1;
  let depth = 0;
  for (const node of nodes) {
    weight += node.weight;
    depth = Math.max(depth, node.depth);
  }
  return { weight, depth: depth + 1 };
}

function nothing(offset: number): SourceScalar {
  return { kind: 'scalar', offset, weight: 1, depth: 1, value: null, source: '' };
}
