/**
 * The tables of fields of docs/manifests.md, held to the readers: each field that is read has one row, and no row names
 * anything else. A row is written by hand where there is more to say than in `core/schema/words-*.ts`, and is kept; a
 * field without one gets it from there. The prose between the tables is nobody's but the author's.
 */
import { CONFIG_MAP, SECRET } from '../../src/core/manifest/sections/file-object.ts';
import { VIRTUAL_MACHINE } from '../../src/core/manifest/sections/virtual-machine.ts';
import { objectTypeOf } from '../../src/core/schema/from-readers.ts';
import {
  describeField,
  type Field,
  type ObjectType,
  type Schema,
  typeWithin,
} from '../../src/core/schema/schema.ts';

const INSTANCE = 'spec.template.spec.';
const HEADER = '| field | default | meaning |';
const OBJECTS_SECTION = 'Secrets and ConfigMaps';
/** Where fields have their rows whose place follows from what they are, not from where they stand. */
const OFF_SECTION = 'Accepted only when off';
const CLUSTER_SECTION = 'Accepted with a warning';

/** A field as the page names it. */
interface Documented {
  /** `domain.cpu.cores`, `Secret: type`; below `spec.template.spec` without that. */
  readonly name: string;
  readonly field: Field;
  readonly required: boolean;
  /** It must have a row; an object whose fields have rows of their own may have one. */
  readonly asksForRow: boolean;
}

interface Row {
  readonly line: number;
  readonly section: string;
  readonly names: readonly string[];
}

/** Every field that a file may hold and that means something there. */
export function documentedFields(): readonly Documented[] {
  const vm = [...fieldsOf(objectTypeOf(VIRTUAL_MACHINE), '')].map((entry) => ({
    ...entry,
    name: entry.name.startsWith(INSTANCE) ? entry.name.slice(INSTANCE.length) : entry.name,
  }));
  const objects = [SECRET, CONFIG_MAP].flatMap((read) => {
    const type = objectTypeOf(read);
    return [...fieldsOf(type, `${type.name}: `)];
  });
  return [...vm, ...objects];
}

function* fieldsOf(type: ObjectType, before: string): Generator<Documented> {
  for (const [key, field] of Object.entries(type.fields)) {
    if (field.note === 'ignored') continue;
    const name = `${before}${key}${field.schema.kind === 'list' && typeWithin(field.schema) ? '[]' : ''}`;
    const inner = typeWithin(field.schema);
    const within = inner === undefined ? [] : [...fieldsOf(inner, `${name}.`)];
    yield { name, field, required: type.required.includes(key), asksForRow: within.length === 0 };
    yield* within;
  }
}

/** The faults of the rows of a page, in words; a field without a row is none, for it is added. */
export function rowFaults(page: string): readonly string[] {
  const known = new Map(documentedFields().map(({ name, field }) => [name, field]));
  const seen = new Set<string>();
  return rowsOf(page.split('\n')).flatMap(({ line, section, names }) =>
    names.flatMap((name) => {
      const fault = rowFault(name, section, known.get(name), seen);
      seen.add(name);
      return fault === undefined ? [] : [`line ${line + 1}: ${name} ${fault}`];
    }),
  );
}

function rowFault(
  name: string,
  section: string,
  field: Field | undefined,
  seen: ReadonlySet<string>,
): string | undefined {
  if (field === undefined) return 'is not read';
  if (seen.has(name)) return 'has a row already';
  const asked = sectionOf(field);
  if (asked !== undefined && section !== asked) return `belongs under "${asked}"`;
  return asked === undefined && isSpecial(section)
    ? `does not belong under "${section}"`
    : undefined;
}

/** The page with a row for each field that had none. */
export function manifestPage(page: string): string {
  const lines = page.split('\n');
  for (const entry of documentedFields()) {
    const rows = rowsOf(lines);
    if (!entry.asksForRow || rows.some(({ names }) => names.includes(entry.name))) continue;
    lines.splice(placeFor(entry, rows) + 1, 0, rowOf(entry));
  }
  return lines.join('\n');
}

function rowsOf(lines: readonly string[]): readonly Row[] {
  const rows: Row[] = [];
  let section = '';
  let inside = false;
  for (const [line, text] of lines.entries()) {
    if (text.startsWith('#')) section = text.replace(/^#+ /, '');
    inside = text.startsWith('|') && (inside || text === HEADER);
    if (!inside || text === HEADER) continue;
    const [, cell = ''] = text.split(' | ', 1)[0]?.split('| ') ?? [];
    const [, kind] = /^(Secret|ConfigMap): /.exec(cell) ?? [];
    const names = [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) =>
      kindsOf(kind, section).map((prefix) => prefix + pageName(name)),
    );
    // The line under the header has no names, and is where the first row of a table goes.
    rows.push({ line, section, names });
  }
  return rows;
}

function kindsOf(kind: string | undefined, section: string): readonly string[] {
  if (kind !== undefined) return [`${kind}: `];
  return section === OBJECTS_SECTION ? ['Secret: ', 'ConfigMap: '] : [''];
}

/** A list of objects is the same field with and without its brackets. */
function pageName(name: string): string {
  return name === 'spec.dataVolumeTemplates' ? 'spec.dataVolumeTemplates[]' : name;
}

/** After the last row of the field's section, or of those with which it has the most of its path in common. */
function placeFor({ name, field }: Documented, rows: readonly Row[]): number {
  const section = sectionOf(field);
  let best = { line: -1, common: -1 };
  for (const row of rows) {
    if (section !== undefined && row.section !== section) continue;
    if (section === undefined && isSpecial(row.section)) continue;
    const common =
      section === undefined ? Math.max(0, ...row.names.map((n) => inCommon(n, name))) : 0;
    if (common >= best.common) best = { line: row.line, common };
  }
  if (best.line < 0) throw new Error(`no table for ${name}`);
  return best.line;
}

function sectionOf({ schema, note }: Field): string | undefined {
  if (note === 'cluster-only') return CLUSTER_SECTION;
  return schema.kind === 'only' && schema.value === false ? OFF_SECTION : undefined;
}

function isSpecial(section: string): boolean {
  return section === OFF_SECTION || section === CLUSTER_SECTION;
}

function inCommon(one: string, other: string): number {
  const [a, b] = [one.split('.'), other.split('.')];
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs < 0 ? a.length : differs;
}

function rowOf({ name, field, required }: Documented): string {
  const [kind, path] = name.includes(': ') ? name.split(': ') : [undefined, name];
  const shown = `${kind === undefined ? '' : `${kind}: `}\`${path}\``;
  return `| ${shown} | ${defaultOf(field, required, name)} | ${meaningOf(field)} |`;
}

function defaultOf({ default: fallback, schema }: Field, required: boolean, name: string): string {
  if (required) return name.includes('.') ? 'required there' : 'required';
  const value = fallback ?? (schema.kind === 'only' ? schema.value : undefined);
  return value === undefined ? '–' : `\`${value}\``;
}

function meaningOf(field: Field): string {
  const values = valuesOf(field.schema);
  // What a field of a cluster or of an "off" alone means is said once, above the table.
  const said = sectionOf(field) === undefined ? describeField(field) : field.description;
  const text = said.replaceAll('|', '\\|').replace(/\.$/, '');
  return values === undefined ? text : `${text}: ${values}`;
}

function valuesOf(schema: Schema): string | undefined {
  switch (schema.kind) {
    case 'one-of':
      return schema.values.map((value) => `\`${value}\``).join(', ');
    case 'integer': {
      const { least, most } = schema;
      if (least === undefined) return undefined;
      return most === undefined ? `from ${least}` : `${least} to ${most}`;
    }
    default:
      return undefined;
  }
}
