/** The OpenAPI documents against the routes, the kinds of objects and the specification of OpenAPI. */
import { Validator } from '@seriousme/openapi-schema-validator';
import protobuf from 'protobufjs/light.js';
import { expect, test } from 'vitest';
import { KIND_TYPES } from '../../../src/api/contract-schema.ts';
import { openApiV2, openApiV3 } from '../../../src/api/openapi-documents.ts';
import { objectRoute, operationsOf } from '../../../src/api/openapi-operations.ts';
import { protobufOf } from '../../../src/api/openapi-protobuf.ts';
import { definitionName } from '../../../src/api/openapi-schemas.ts';
import { OPERATION_WORDS } from '../../../src/api/openapi-words.ts';
import { RESOURCES } from '../../../src/api/resources.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { type ObjectType, typeWithin } from '../../../src/core/schema/schema.ts';
import { allRoutes } from './all-routes.ts';

/** What only refuses is no part of the API that is described. */
const ROWS = allRoutes().filter((row) => row.refusal !== true);
const OPERATIONS = operationsOf(ROWS);
const V2 = openApiV2(OPERATIONS, '1.2.3');
const V3 = openApiV3(OPERATIONS, '1.2.3');

test.each([['v2', V2] as const, ...V3])('the document %s is valid OpenAPI', async (_, document) => {
  const { valid, errors } = await new Validator().validate(
    structuredClone<object>(document) as Record<string, unknown>,
  );
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

test('every reference leads to a definition', () => {
  for (const document of [V2, ...V3.values()]) {
    const text = JSON.stringify(document);
    const refs = new Set(
      [...text.matchAll(/"\$ref":"#\/(?:definitions|components\/schemas)\/([^"]+)"/g)].map(
        ([, name]) => name,
      ),
    );
    const { definitions, components } = document as {
      definitions?: object;
      components?: { schemas: object };
    };
    const names = Object.keys(definitions ?? components?.schemas ?? {});
    expect([...refs].filter((name) => !names.includes(name ?? ''))).toEqual([]);
  }
});

test('every route is in the documents', () => {
  const documented = new Set(
    OPERATIONS.map(({ method, path }) => `${method.toUpperCase()} ${path}`),
  );
  const paths = Object.entries(V2['paths'] as JsonObject).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(new Set(paths)).toEqual(documented);
  const parts = [...V3.values()].flatMap(({ paths: of }) => Object.keys(of as object));
  expect(new Set(parts)).toEqual(new Set(Object.keys(V2['paths'] as object)));
  for (const { method, path } of ROWS)
    expect(documented).toContain(`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
});

test('every route that is no object of resources.ts has a row in openapi-words.ts, and no row is left over', () => {
  const others = ROWS.filter((row) => objectRoute(row) === undefined).map(
    ({ method, path }) => `${method} ${path}`,
  );
  expect(others.length).toBeGreaterThan(20);
  expect(Object.keys(OPERATION_WORDS).toSorted()).toEqual([...new Set(others)].toSorted());
});

test('every kind has its types, and every verb that discovery tells has a route', () => {
  for (const row of RESOURCES) {
    expect(KIND_TYPES, row.kind).toHaveProperty(row.kind);
    const verbs = ROWS.map(objectRoute)
      .filter((found) => found?.row === row)
      .map((found) => found?.verb);
    const told = row.verbs.filter((verb) => verb !== 'watch');
    expect([...new Set(verbs)].toSorted(), row.kind).toEqual(told.toSorted());
  }
});

test('both versions of KubeVirt are documented alike', () => {
  const of = (version: string): readonly string[] =>
    OPERATIONS.filter(({ tag }) => tag.endsWith(`kubevirt.io/${version}`)).map(({ method, path }) =>
      `${method} ${path}`.replace(`/${version}/`, '/V/'),
    );
  expect(of('v1').length).toBeGreaterThan(10);
  expect(of('v1alpha3')).toEqual(of('v1'));
});

test('operations have ids of their own', () => {
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('what kubectl looks for is there: kinds of objects, and how fields are validated', () => {
  const text = JSON.stringify(V3.get('apis/kubevirt.io/v1'));
  expect(text).toContain(
    '"x-kubernetes-group-version-kind":[{"group":"kubevirt.io","kind":"VirtualMachine","version":"v1"}',
  );
  const patches = OPERATIONS.filter(({ on }) => on?.action === 'patch');
  for (const { parameters } of patches)
    expect(parameters.map(({ name }) => name)).toContain('fieldValidation');
});

test('the protobuf says what the JSON says', () => {
  // Only the way to the definitions, by the numbers of gnostic's OpenAPIv2.proto.
  const root = protobuf.Root.fromJSON({
    nested: {
      Document: {
        fields: { swagger: { type: 'string', id: 1 }, definitions: { type: 'Definitions', id: 9 } },
      },
      Definitions: { fields: { all: { type: 'NamedSchema', id: 1, rule: 'repeated' } } },
      NamedSchema: {
        fields: { name: { type: 'string', id: 1 }, value: { type: 'Schema', id: 2 } },
      },
      Schema: {
        fields: {
          description: { type: 'string', id: 4 },
          required: { type: 'string', id: 19, rule: 'repeated' },
          properties: { type: 'Definitions', id: 25 },
        },
      },
    },
  });
  interface Decoded {
    readonly swagger: string;
    readonly definitions: { readonly all: readonly NamedSchema[] };
  }
  interface NamedSchema {
    readonly name: string;
    readonly value: {
      readonly description: string;
      readonly required: readonly string[];
      readonly properties: { readonly all: readonly NamedSchema[] } | null;
    };
  }
  const decoded = root.lookupType('Document').decode(protobufOf(V2)) as unknown as Decoded;
  expect(decoded.swagger).toBe('2.0');
  const definitions = V2['definitions'] as Record<
    string,
    { description: string; required?: readonly string[]; properties?: object }
  >;
  expect(decoded.definitions.all.map(({ name }) => name)).toEqual(Object.keys(definitions));
  for (const { name, value } of decoded.definitions.all) {
    expect(value.description).toBe(definitions[name]?.description);
    expect(value.required).toEqual(definitions[name]?.required ?? []);
    expect(value.properties?.all.map((field) => field.name) ?? []).toEqual(
      Object.keys(definitions[name]?.properties ?? {}),
    );
  }
});

test('types of one name have the same fields', () => {
  const seen = new Map<string, readonly string[]>();
  const look = (type: ObjectType): void => {
    const name = definitionName(type);
    const fields = Object.keys(type.fields).toSorted();
    expect(seen.get(name) ?? fields, name).toEqual(fields);
    if (seen.has(name)) return;
    seen.set(name, fields);
    for (const { schema } of Object.values(type.fields)) {
      const inner = typeWithin(schema);
      if (inner !== undefined) look(inner);
    }
  };
  for (const type of Object.values(KIND_TYPES)) look(type);
  expect(seen.size).toBeGreaterThan(40);
});
