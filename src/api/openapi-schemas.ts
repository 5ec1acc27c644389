/**
 * Types of objects as OpenAPI definitions, in the two dialects: 2.0 (Swagger) and 3.0. Pure. Names and extensions are
 * those of Kubernetes' own documents, for that is where `kubectl` looks.
 */
import type { Json, JsonObject } from '../core/model/json.ts';
import {
  describeField,
  type Field,
  type ObjectType,
  type Schema,
  typeWithin,
} from '../core/schema/schema.ts';
import { kindType } from './contract-schema.ts';
import { RESOURCES, type ResourceRow } from './resources.ts';

export type Dialect = 'v2' | 'v3';

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const WHERE: Readonly<Record<Dialect, string>> = {
  v2: '#/definitions/',
  v3: '#/components/schemas/',
};

export function definitionName(type: ObjectType): string {
  return `${type.package ?? 'io.kubevirt.v1'}.${type.name}`;
}

export function refTo(type: ObjectType, dialect: Dialect): JsonObject {
  return { $ref: WHERE[dialect] + definitionName(type) };
}

/** The definitions of these types and of all that are inside them, by name, sorted. */
export function definitions(types: Iterable<ObjectType>, dialect: Dialect): JsonObject {
  const all = new Map<string, ObjectType>();
  for (const type of types) collect(type, all);
  const written = [...all].map(([name, type]): [string, JsonObject] => [
    name,
    definition(type, dialect),
  ]);
  const sorted = [...written, [QUANTITY, quantity(dialect)] as const].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return Object.fromEntries(sorted);
}

function collect(type: ObjectType, into: Map<string, ObjectType>): void {
  const name = definitionName(type);
  if (into.has(name)) return;
  into.set(name, type);
  for (const { schema } of Object.values(type.fields)) {
    const inner = typeWithin(schema);
    if (inner !== undefined) collect(inner, into);
  }
}

function quantity(dialect: Dialect): JsonObject {
  const description = 'A Kubernetes quantity: 512Mi, 1.5Gi, 2G, 500m, or a plain number.';
  return dialect === 'v2'
    ? { description, type: 'string' }
    : { description, oneOf: [{ type: 'string' }, { type: 'number' }] };
}

function definition(type: ObjectType, dialect: Dialect): JsonObject {
  const kinds = groupVersionKinds(type);
  return {
    type: 'object',
    description: type.description,
    ...(type.required.length > 0 && { required: type.required }),
    properties: Object.fromEntries(
      Object.entries(type.fields).map(([name, field]) => [name, property(field, dialect)]),
    ),
    ...(kinds.length > 0 && { 'x-kubernetes-group-version-kind': kinds }),
  };
}

/** What objects of the type call themselves. */
function groupVersionKinds({ name, package: owner }: ObjectType): readonly JsonObject[] {
  const isOf = (row: ResourceRow): boolean =>
    (name === row.kind || name === `${row.kind}List`) && kindType(row)?.package === owner;
  return RESOURCES.filter(isOf).flatMap(({ group, versions }) =>
    versions.map((version) => ({ group, kind: name, version })),
  );
}

function property(field: Field, dialect: Dialect): JsonObject {
  const written = {
    description: describeField(field),
    ...(field.default !== undefined && { default: field.default }),
  };
  const schema = schemaOf(field.schema, dialect);
  // OpenAPI 3.0 allows nothing beside a reference.
  return dialect === 'v3' && '$ref' in schema
    ? { ...written, allOf: [schema] }
    : { ...written, ...schema };
}

export function schemaOf(schema: Schema, dialect: Dialect): JsonObject {
  switch (schema.kind) {
    case 'text':
      return {
        type: 'string',
        ...(schema.pattern && { pattern: schema.pattern.expression.source }),
      };
    case 'time':
      return { type: 'string', format: 'date-time' };
    case 'integer':
      return {
        type: 'integer',
        format: 'int64',
        ...(schema.least !== undefined && { minimum: schema.least }),
        ...(schema.most !== undefined && { maximum: schema.most }),
      };
    case 'flag':
      return { type: 'boolean' };
    case 'quantity':
      return { $ref: WHERE[dialect] + QUANTITY };
    case 'one-of':
      return { type: 'string', enum: schema.values };
    case 'only':
      return { type: typeof schema.value, enum: [schema.value] };
    case 'list':
      return { type: 'array', items: schemaOf(schema.item, dialect) };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(schema.value, dialect) };
    case 'object':
      return refTo(schema.type, dialect);
    case 'any-object':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true };
  }
}

/** For what has no type of its own. */
export const ANYTHING: Json = { type: 'object' };
