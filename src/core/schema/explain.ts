/**
 * A field in words, for people: its type, what it may be, what it means, and what stands inside it.
 */
import { ANNOTATION_WORDS } from './annotations.ts';
import type { Place } from './find-field.ts';
import { describeField, type Field, type ObjectType, type Schema, typeWithin } from './schema.ts';

const INDENT = '    ';

export interface Subject {
  readonly kind: string;
  readonly apiVersion: string;
}

/** @param width of a line, in characters */
export function explainPlace(subject: Subject, place: Place, width: number): readonly string[] {
  const { field, type, required, path } = place;
  return [
    `KIND:     ${subject.kind}`,
    `VERSION:  ${subject.apiVersion}`,
    ...(field ? [`FIELD:    ${path.join('.')} <${typeName(field.schema)}>`] : []),
    ...(field ? facts(field, required) : []),
    '',
    'DESCRIPTION:',
    ...descriptions(field, type, width),
    ...(type ? fieldList(type, width) : []),
    ...(type ? refusedList(type, width) : []),
    ...(path.at(-1) === 'annotations' ? ['', ...explainAnnotations(width)] : []),
  ];
}

/** Names and types alone, of everything below. */
export function explainRecursively(subject: Subject, place: Place): readonly string[] {
  const { field, type, path } = place;
  return [
    `KIND:     ${subject.kind}`,
    `VERSION:  ${subject.apiVersion}`,
    ...(field ? [`FIELD:    ${path.join('.')} <${typeName(field.schema)}>`] : []),
    ...(type ? ['', 'FIELDS:', ...tree(type, '  ')] : []),
  ];
}

function tree(type: ObjectType, indent: string): readonly string[] {
  return shown(type).flatMap(([name, field]) => {
    const inner = typeWithin(field.schema);
    const line = `${indent}${name} <${typeName(field.schema)}>${mark(type, name)}`;
    return [line, ...(inner ? tree(inner, `${indent}  `) : [])];
  });
}

/** Every annotation of solovirt, or one. */
export function explainAnnotations(width: number, only?: string): readonly string[] {
  const chosen = Object.entries(ANNOTATION_WORDS).filter(
    ([name]) => only === undefined || name === only,
  );
  const head =
    only === undefined
      ? [
          'ANNOTATIONS:',
          ...wrap(
            'Settings that only a single host has. They stand in metadata.annotations, or in spec.template.metadata.annotations, which wins. On a cluster they have no effect.',
            width,
            '  ',
          ),
          '',
        ]
      : [];
  const rows = chosen.map(([name, { text, example }]) => [
    `  ${name}`,
    ...wrap(text, width, INDENT),
    `${INDENT}${name}: ${JSON.stringify(example)}`,
  ]);
  return [...head, ...rows.flatMap((row, index) => (index === 0 ? row : ['', ...row]))];
}

function facts(field: Field, required: boolean): readonly string[] {
  const values = allowed(field.schema);
  return [
    ...(required ? ['REQUIRED'] : []),
    ...(values === undefined ? [] : [`${isForm(field) ? 'FORM:  ' : 'VALUES:'}   ${values}`]),
    ...(field.default === undefined ? [] : [`DEFAULT:  ${field.default}`]),
  ];
}

function descriptions(
  field: Field | undefined,
  type: ObjectType | undefined,
  width: number,
): readonly string[] {
  const ofField = field === undefined ? [] : wrap(describeField(field), width, INDENT);
  const ofType = type === undefined ? [] : wrap(type.description, width, INDENT);
  return ofField.length > 0 && ofType.length > 0
    ? [...ofField, '', ...ofType]
    : [...ofField, ...ofType];
}

function fieldList(type: ObjectType, width: number): readonly string[] {
  const fields = shown(type);
  if (fields.length === 0) return [];
  return [
    '',
    'FIELDS:',
    ...fields.flatMap(([name, field], index) => [
      ...(index === 0 ? [] : ['']),
      `  ${name} <${typeName(field.schema)}>${mark(type, name)}`,
      ...wrap([describeField(field), briefly(field)].join(' ').trim(), width, INDENT),
    ]),
  ];
}

function refusedList({ refused }: ObjectType, width: number): readonly string[] {
  if (refused.length === 0) return [];
  return [
    '',
    'NOT SUPPORTED:',
    ...wrap(`KubeVirt has these here, too: ${refused.join(', ')}.`, width, INDENT),
  ];
}

/** Required ones first, what has no effect last. */
function shown(type: ObjectType): readonly (readonly [string, Field])[] {
  const rank = ([name, { note }]: readonly [string, Field]): number => {
    if (type.required.includes(name)) return 0;
    return note === 'cluster-only' || note === 'ignored' ? 2 : 1;
  };
  return Object.entries(type.fields).toSorted((a, b) => rank(a) - rank(b));
}

function mark(type: ObjectType, name: string): string {
  return type.required.includes(name) ? ' -required-' : '';
}

/** What a text looks like cannot be listed. */
function isForm({ schema }: Field): boolean {
  return schema.kind === 'text';
}

function briefly(field: Field): string {
  const { schema, default: fallback } = field;
  // Its description says already what it accepts.
  const values = schema.kind === 'only' ? undefined : allowed(schema);
  return [
    ...(values === undefined ? [] : [`${isForm(field) ? 'Form' : 'Values'}: ${values}.`]),
    ...(fallback === undefined ? [] : [`Default: ${fallback}.`]),
  ].join(' ');
}

function allowed(schema: Schema): string | undefined {
  switch (schema.kind) {
    case 'text':
      return schema.pattern?.rule;
    case 'one-of':
      return schema.values.join(', ');
    case 'only':
      return String(schema.value);
    case 'flag':
      return 'true, false';
    case 'integer': {
      if (schema.least === undefined) return undefined;
      return schema.most === undefined
        ? `${schema.least} and more`
        : `${schema.least} to ${schema.most}`;
    }
    default:
      return undefined;
  }
}

/** As `kubectl explain` writes types. */
export function typeName(schema: Schema): string {
  switch (schema.kind) {
    case 'text':
    case 'one-of':
      return 'string';
    case 'time':
      return 'time';
    case 'integer':
      return 'integer';
    case 'flag':
      return 'boolean';
    case 'quantity':
      return 'quantity';
    case 'only':
      return typeof schema.value;
    case 'list':
      return `[]${typeName(schema.item)}`;
    case 'map':
      return `map[string]${typeName(schema.value)}`;
    case 'object':
      return schema.type.name;
    case 'any-object':
      return 'object';
    case 'any':
      return 'any';
  }
}

function wrap(text: string, width: number, indent: string): readonly string[] {
  const most = Math.max(20, width - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > most) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, indent + line];
}
