/** The types of the fields against KubeVirt's API schema, where a copy of that lies beside the checkout. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VIRTUAL_MACHINE } from '../../../../src/core/manifest/sections/virtual-machine.ts';
import { objectTypeOf } from '../../../../src/core/schema/from-readers.ts';
import type { ObjectType, Schema } from '../../../../src/core/schema/schema.ts';

const FILE = new URL('../../../../../shared/reference/kubevirt-schema.json', import.meta.url);
const META = 'k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta';

interface KubeVirtSchema {
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, KubeVirtSchema>>;
  readonly items?: KubeVirtSchema;
  readonly additionalProperties?: KubeVirtSchema;
}

test.skipIf(!existsSync(FILE))('every field is one of KubeVirt, with a type that fits', () => {
  const { definitions } = JSON.parse(readFileSync(FILE, 'utf8')) as {
    definitions: Record<string, KubeVirtSchema>;
  };
  let fields = 0;

  function compare(schema: Schema, theirs: KubeVirtSchema, path: string): void {
    fields += 1;
    const name = theirs.$ref?.replace('#/definitions/', '');
    const target = name === undefined ? theirs : definitions[name];
    expect(target, path).toBeDefined();
    if (target === undefined || schema.kind === 'any') return;
    if (schema.kind === 'quantity') expect(name, path).toMatch(/\.Quantity$/);
    else expect(typesOf(target), path).toContain(jsonType(schema));
    if (schema.kind === 'list') compare(schema.item, target.items ?? {}, `${path}[]`);
    if (schema.kind === 'map')
      compare(schema.value, target.additionalProperties ?? {}, `${path}{}`);
    if (schema.kind === 'object') compareFields(schema.type, target, path);
  }

  function compareFields(type: ObjectType, theirs: KubeVirtSchema, path: string): void {
    for (const [name, { schema }] of Object.entries(type.fields)) {
      // An older Kubernetes had it.
      if (name === 'selfLink') continue;
      const field = theirs.properties?.[name];
      expect(field, `${path}.${name}`).toBeDefined();
      compare(schema, field ?? {}, `${path}.${name}`);
    }
  }

  expect(definitions[META]).toBeDefined();
  compareFields(objectTypeOf(VIRTUAL_MACHINE), definitions['v1.VirtualMachine'] ?? {}, 'vm');
  expect(fields).toBeGreaterThan(100);
});

/** A whole number is a number. */
function typesOf({ type }: KubeVirtSchema): readonly string[] {
  return [type ?? 'object'].flat().flatMap((t) => (t === 'number' ? [t, 'integer'] : [t]));
}

function jsonType(schema: Schema): string {
  switch (schema.kind) {
    case 'text':
    case 'time':
    case 'one-of':
      return 'string';
    case 'integer':
      return 'integer';
    case 'flag':
      return 'boolean';
    case 'only':
      return typeof schema.value;
    case 'list':
      return 'array';
    default:
      return 'object';
  }
}
