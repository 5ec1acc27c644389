/**
 * An OpenAPI 2.0 document as protobuf: the only form in which `kubectl` reads it (client-go `OpenAPISchema`), up to
 * 1.26 for all it asks of it. Messages are those of gnostic's `openapiv2/OpenAPIv2.proto`, as far as our document uses
 * them. Pure.
 */
import protobuf from 'protobufjs/light.js';
import type { Json, JsonObject } from '../core/model/json.ts';

type Fields = Readonly<Record<string, readonly [type: string, id: number, rule?: 'repeated']>>;

/** Field names and numbers are the contract; their order is the file's. */
const MESSAGES: Readonly<Record<string, Fields>> = {
  Document: {
    swagger: ['string', 1],
    info: ['Info', 2],
    paths: ['Paths', 8],
    definitions: ['Definitions', 9],
  },
  Info: { title: ['string', 1], version: ['string', 2] },
  Paths: { path: ['NamedPathItem', 2, 'repeated'] },
  NamedPathItem: { name: ['string', 1], value: ['PathItem', 2] },
  PathItem: {
    get: ['Operation', 2],
    put: ['Operation', 3],
    post: ['Operation', 4],
    delete: ['Operation', 5],
    patch: ['Operation', 8],
  },
  Operation: {
    tags: ['string', 1, 'repeated'],
    description: ['string', 3],
    operationId: ['string', 5],
    produces: ['string', 6, 'repeated'],
    consumes: ['string', 7, 'repeated'],
    parameters: ['ParametersItem', 8, 'repeated'],
    responses: ['Responses', 9],
    vendorExtension: ['NamedAny', 13, 'repeated'],
  },
  ParametersItem: { parameter: ['Parameter', 1] },
  Parameter: { bodyParameter: ['BodyParameter', 1], nonBodyParameter: ['NonBodyParameter', 2] },
  BodyParameter: {
    description: ['string', 1],
    name: ['string', 2],
    in: ['string', 3],
    required: ['bool', 4],
    schema: ['Schema', 5],
  },
  NonBodyParameter: {
    queryParameterSubSchema: ['QueryParameterSubSchema', 3],
    pathParameterSubSchema: ['PathParameterSubSchema', 4],
  },
  QueryParameterSubSchema: {
    required: ['bool', 1],
    in: ['string', 2],
    description: ['string', 3],
    name: ['string', 4],
    type: ['string', 6],
    format: ['string', 7],
    enum: ['Any', 21, 'repeated'],
  },
  PathParameterSubSchema: {
    required: ['bool', 1],
    in: ['string', 2],
    description: ['string', 3],
    name: ['string', 4],
    type: ['string', 5],
    format: ['string', 6],
    enum: ['Any', 20, 'repeated'],
  },
  Responses: { responseCode: ['NamedResponseValue', 1, 'repeated'] },
  NamedResponseValue: { name: ['string', 1], value: ['ResponseValue', 2] },
  ResponseValue: { response: ['Response', 1] },
  Response: { description: ['string', 1], schema: ['SchemaItem', 2] },
  SchemaItem: { schema: ['Schema', 1] },
  Definitions: { additionalProperties: ['NamedSchema', 1, 'repeated'] },
  Properties: { additionalProperties: ['NamedSchema', 1, 'repeated'] },
  NamedSchema: { name: ['string', 1], value: ['Schema', 2] },
  Schema: {
    ref: ['string', 1],
    format: ['string', 2],
    description: ['string', 4],
    default: ['Any', 5],
    maximum: ['double', 7],
    minimum: ['double', 9],
    pattern: ['string', 13],
    required: ['string', 19, 'repeated'],
    enum: ['Any', 20, 'repeated'],
    additionalProperties: ['AdditionalPropertiesItem', 21],
    type: ['TypeItem', 22],
    items: ['ItemsItem', 23],
    properties: ['Properties', 25],
    vendorExtension: ['NamedAny', 31, 'repeated'],
  },
  AdditionalPropertiesItem: { schema: ['Schema', 1] },
  TypeItem: { value: ['string', 1, 'repeated'] },
  ItemsItem: { schema: ['Schema', 1, 'repeated'] },
  NamedAny: { name: ['string', 1], value: ['Any', 2] },
  Any: { yaml: ['string', 2] },
};

/** @param document as `openApiV2` makes it @throws when it uses what has no message here */
export function protobufOf(document: JsonObject): Uint8Array {
  const root = protobuf.Root.fromJSON({
    nested: Object.fromEntries(
      Object.entries(MESSAGES).map(([name, fields]) => [name, { fields: fieldsOf(fields) }]),
    ),
  });
  const type = root.lookupType('Document');
  return type.encode(type.fromObject(documentMessage(document))).finish();
}

function fieldsOf(fields: Fields): Record<string, { type: string; id: number; rule?: string }> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, [type, id, rule]]) => [
      name,
      { type, id, ...(rule && { rule }) },
    ]),
  );
}

function documentMessage({ swagger, info, paths, definitions }: JsonObject): object {
  return {
    swagger,
    info,
    paths: {
      path: entries(paths).map(([name, item]) => ({
        name,
        value: Object.fromEntries(
          entries(item).map(([method, operation]) => [method, operationMessage(operation)]),
        ),
      })),
    },
    definitions: schemasMessage(definitions),
  };
}

function operationMessage(operation: Json): object {
  const { parameters, responses, ...plain } = objectOf(operation);
  return {
    ...withExtensions(plain),
    parameters: items(parameters).map((parameter) => ({ parameter: parameterMessage(parameter) })),
    responses: {
      responseCode: entries(responses).map(([name, response]) => {
        const { description, schema } = objectOf(response);
        const message = { description, schema: { schema: schemaMessage(schema) } };
        return { name, value: { response: message } };
      }),
    },
  };
}

function parameterMessage(parameter: Json): object {
  const { schema, enum: values, ...plain } = objectOf(parameter);
  if (plain['in'] === 'body') return { bodyParameter: { ...plain, schema: schemaMessage(schema) } };
  const message = { ...withExtensions(plain), enum: items(values).map(anyMessage) };
  return {
    nonBodyParameter:
      plain['in'] === 'path'
        ? { pathParameterSubSchema: message }
        : { queryParameterSubSchema: message },
  };
}

function schemasMessage(schemas: Json | undefined): object {
  return {
    additionalProperties: entries(schemas).map(([name, schema]) => ({
      name,
      value: schemaMessage(schema),
    })),
  };
}

function schemaMessage(schema: Json | undefined): object {
  const {
    $ref,
    type,
    items: item,
    enum: values,
    default: fallback,
    properties,
    additionalProperties,
    ...plain
  } = objectOf(schema);
  return {
    ...withExtensions(plain),
    ...($ref !== undefined && { ref: $ref }),
    ...(type !== undefined && { type: { value: [type] } }),
    ...(item !== undefined && { items: { schema: [schemaMessage(item)] } }),
    ...(values !== undefined && { enum: items(values).map(anyMessage) }),
    ...(fallback !== undefined && { default: anyMessage(fallback) }),
    ...(properties !== undefined && { properties: schemasMessage(properties) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: { schema: schemaMessage(additionalProperties) },
    }),
  };
}

/** Every `x-` field in the one list that the messages have for them. */
function withExtensions(plain: JsonObject): object {
  const isExtension = ([name]: readonly [string, Json]): boolean => name.startsWith('x-');
  const all = Object.entries(plain);
  return {
    ...Object.fromEntries(all.filter((entry) => !isExtension(entry))),
    vendorExtension: all
      .filter(isExtension)
      .map(([name, value]) => ({ name, value: anyMessage(value) })),
  };
}

/** Any value, as YAML; JSON is YAML. */
function anyMessage(value: Json): object {
  return { yaml: JSON.stringify(value) };
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}

function entries(value: Json | undefined): readonly [string, Json][] {
  return Object.entries(objectOf(value));
}

function items(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
