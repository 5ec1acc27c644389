/**
 * The JSON Schema (draft-07, which YAML editors read) of a VM file. It takes whatever the readers take, and refuses what
 * a schema can tell to be wrong; how names refer to each other, ranges of quantities and the like it cannot tell.
 */
import type { Pattern, Read } from '../manifest/fields.ts';
import { CONFIG_MAP, SECRET } from '../manifest/sections/file-object.ts';
import { NETWORK_ATTACHMENT_DEFINITION } from '../manifest/sections/network-object.ts';
import { VIRTUAL_MACHINE } from '../manifest/sections/virtual-machine.ts';
import { SOURCES } from '../manifest/sections/volumes.ts';
import { NETWORK_KIND } from '../model/file-object.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { ANNOTATION_WORDS } from './annotations.ts';
import { objectTypeOf } from './from-readers.ts';
import { describeField, type Field, type ObjectType, type Schema } from './schema.ts';

/** One of these fields is there, and not two. */
const EXACTLY_ONE: Readonly<Record<string, readonly string[]>> = {
  VirtualMachineSpec: ['runStrategy', 'running'],
  Volume: SOURCES,
};

/** Kubernetes' grammar (apimachinery `resource.Quantity`), as far as a pattern goes. */
const QUANTITY = '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$';

/** Made anew at each call. */
export function manifestJsonSchema(): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A document of a VM file of solovirt',
    ...ofKind(
      'Secret',
      SECRET,
      ofKind(
        'ConfigMap',
        CONFIG_MAP,
        ofKind(NETWORK_KIND, NETWORK_ATTACHMENT_DEFINITION, rootSchema(VIRTUAL_MACHINE)),
      ),
    ),
  };
}

function rootSchema(read: Read<unknown>): JsonObject {
  return objectSchema(objectTypeOf(read));
}

/** A document without a kind is taken for a VM. */
function ofKind(kind: string, read: Read<unknown>, others: JsonObject): JsonObject {
  return {
    if: { required: ['kind'], properties: { kind: { const: kind } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
    then: rootSchema(read),
    else: others,
  };
}

function objectSchema(type: ObjectType): JsonObject {
  const one = EXACTLY_ONE[type.name];
  return {
    type: 'object',
    description: type.description,
    properties: Object.fromEntries(
      Object.entries(type.fields).map(([name, field]) => [
        name,
        fieldSchema(name, field, type.required.includes(name)),
      ]),
    ),
    ...(type.required.length > 0 && { required: type.required }),
    ...refused(type),
    additionalProperties: false,
    ...(one && { oneOf: one.map((name) => present(name)) }),
  };
}

/** A field that is `null` counts as absent. */
function present(name: string): JsonObject {
  return { required: [name], properties: { [name]: { not: { type: 'null' } } } };
}

/** An empty list of what is not supported asks for nothing. Patterns, so that no editor proposes it. */
function refused({ refused: names }: ObjectType): JsonObject {
  if (names.length === 0) return {};
  const description = 'KubeVirt has this field, this version of solovirt does not support it.';
  return {
    patternProperties: {
      [`^(${names.join('|')})$`]: { type: ['array', 'null'], maxItems: 0, description },
    },
  };
}

function fieldSchema(name: string, field: Field, required: boolean): JsonObject {
  return {
    description: describeField(field),
    ...(field.default !== undefined && { default: field.default }),
    // No reader looks into what has no effect.
    ...(field.note === undefined && valueSchema(field.schema, !required)),
    ...(name === 'annotations' && { properties: annotations() }),
  };
}

function annotations(): JsonObject {
  return Object.fromEntries(
    Object.entries(ANNOTATION_WORDS).map(([name, { text, example }]) => [
      name,
      { type: 'string', description: text, examples: [example] },
    ]),
  );
}

/** @param mayBeNull where `null` counts as absent */
function valueSchema(schema: Schema, mayBeNull: boolean): JsonObject {
  const type = (name: string): JsonObject => ({ type: mayBeNull ? [name, 'null'] : name });
  const choice = (values: readonly Json[]): Json => (mayBeNull ? [...values, null] : values);
  switch (schema.kind) {
    case 'text':
      return {
        ...type('string'),
        ...(schema.mayBeEmpty === true ? {} : { minLength: 1 }),
        ...(schema.pattern && patternOf(schema.pattern)),
      };
    case 'time':
      return type('string');
    case 'integer':
      return {
        ...type('integer'),
        ...(schema.least !== undefined && { minimum: schema.least }),
        ...(schema.most !== undefined && { maximum: schema.most }),
      };
    case 'flag':
      return type('boolean');
    case 'quantity':
      return {
        type: mayBeNull ? ['string', 'number', 'null'] : ['string', 'number'],
        pattern: QUANTITY,
      };
    case 'one-of':
      return { ...type('string'), enum: choice(schema.values) };
    case 'only':
      return { enum: choice([schema.value]) };
    case 'list':
      return { ...type('array'), items: valueSchema(schema.item, false) };
    case 'map':
      return { ...type('object'), additionalProperties: valueSchema(schema.value, false) };
    case 'object': {
      const object = objectSchema(schema.type);
      return mayBeNull ? { ...object, ...type('object') } : object;
    }
    case 'any-object':
      return type('object');
    case 'any':
      return {};
  }
}

/** Editors show the rule instead of the expression where they know `patternErrorMessage` (VS Code's extension). */
function patternOf({ expression, rule }: Pattern): JsonObject {
  return { pattern: expression.source, patternErrorMessage: rule };
}
