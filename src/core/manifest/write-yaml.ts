/**
 * JSON values as YAML text that people like to read: block style, KubeVirt's order of fields, text of several lines as
 * it is. What YAML 1.1 would take for something other than text (`on`, `12:30`) is quoted, because Kubernetes' tools
 * read that version.
 */
import {
  Document,
  isMap,
  isSeq,
  Scalar,
  type SchemaOptions,
  type ToStringOptions,
  visit,
} from 'yaml';
import type { Json, JsonObject } from '../model/json.ts';
import { isJsonList, isJsonObject } from './same-json.ts';

/** How a file indents. */
export interface YamlStyle {
  /** Spaces of one level. */
  readonly step: number;
  /** Whether the dashes of a list stand deeper than its key. */
  readonly indentSeq: boolean;
}

export const DEFAULT_STYLE: YamlStyle = { step: 2, indentSeq: true };

/** Fields in the order of KubeVirt's examples; others follow in their own order. */
const ORDER: readonly string[] = [
  ...['apiVersion', 'kind', 'metadata', 'name', 'generateName', 'namespace', 'labels'],
  ...['annotations', 'spec', 'running', 'runStrategy', 'instancetype', 'preference'],
  ...['dataVolumeTemplates', 'template', 'architecture', 'hostname', 'subdomain', 'domain'],
  ...['cpu', 'sockets', 'cores', 'threads', 'memory', 'guest', 'resources', 'requests', 'limits'],
  ...['machine', 'firmware', 'clock', 'features', 'devices', 'disks', 'disk', 'cdrom', 'bus'],
  ...['interfaces', 'networks', 'volumes', 'startStrategy', 'terminationGracePeriodSeconds'],
  'status',
];
const RANKS: ReadonlyMap<string, number> = new Map(ORDER.map((name, index) => [name, index]));

/** Place of a field among its siblings; undefined where any place is as good. */
export function rankOf(field: string): number | undefined {
  return RANKS.get(field);
}

const SCHEMA: SchemaOptions & { readonly version: '1.2' } = {
  version: '1.2',
  schema: 'core',
  compat: 'yaml-1.1',
};

/** A whole document, without `---`. */
export function writeManifest(object: JsonObject): string {
  return `${blockLines(object, DEFAULT_STYLE).join('\n')}\n`;
}

/** The lines of a value that begins at the left margin. */
export function blockLines(value: Json, style: YamlStyle): readonly string[] {
  const document = new Document(ordered(value), { ...SCHEMA, aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string') node.type = styleOf(node.value);
    },
    Collection: (_, node) => {
      if (node.items.length === 0) node.flow = true;
    },
  });
  return document.toString(options(style)).replace(/\n$/, '').split('\n');
}

/** A single value on one line. `like` is the kind of quotes that stood there before. */
export function scalarText(value: Json, like: string | undefined, inFlow: boolean): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const quoted = like === Scalar.QUOTE_DOUBLE || like === Scalar.QUOTE_SINGLE ? like : undefined;
  const scalar = new Scalar(value);
  scalar.type = isOneLine(value) ? (quoted ?? Scalar.PLAIN) : Scalar.QUOTE_DOUBLE;
  const document = new Document(inFlow ? [scalar] : scalar, SCHEMA);
  if (isSeq(document.contents)) document.contents.flow = true;
  const text = document.toString(options(DEFAULT_STYLE)).replace(/\n$/, '');
  return inFlow ? text.slice(1, -1) : text;
}

/** A value on one line, lists and maps in brackets. */
export function flowText(value: Json): string {
  const document = new Document(ordered(value), { ...SCHEMA, aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && !isOneLine(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
    Collection: (_, node) => {
      node.flow = true;
    },
  });
  const { contents } = document;
  if (!isMap(contents) && !isSeq(contents)) return scalarText(value, undefined, true);
  return document.toString(options(DEFAULT_STYLE)).replace(/\n$/, '');
}

function options(style: YamlStyle): ToStringOptions {
  return {
    indent: style.step,
    indentSeq: style.indentSeq,
    // Nothing is folded: what was one line stays one line.
    lineWidth: 0,
    flowCollectionPadding: false,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
    nullStr: 'null',
  };
}

/** Characters that a block of text carries as they are, apart from line breaks. */
const PRINTABLE = /^[\t\n -~\u00A0-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD]*$/;
const ODD_BREAKS = /[\r\u0085\u2028\u2029]/;

function styleOf(value: string): Scalar.Type {
  const printable = PRINTABLE.test(value) && !ODD_BREAKS.test(value);
  if (isOneLine(value)) return printable ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE;
  // Blanks at the edges, and blank lines at the end, would depend on what stands around the block.
  const plainEdges = /^\S[\s\S]*\S\n?$/.test(value) && !/[ \t]\n/.test(value);
  return printable && plainEdges ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE;
}

function isOneLine(value: string): boolean {
  return !/[\n\r\u0085\u2028\u2029]/.test(value);
}

/** The same value with known fields in KubeVirt's order. Free maps (labels) keep theirs but for such names. */
function ordered(value: Json): Json {
  if (isJsonList(value)) return value.map(ordered);
  if (!isJsonObject(value)) return value;
  const fields = Object.entries(value).map(([name, inner]) => [name, ordered(inner)] as const);
  const rank = (name: string): number => rankOf(name) ?? ORDER.length;
  return Object.fromEntries(fields.sort(([a], [b]) => rank(a) - rank(b)));
}
