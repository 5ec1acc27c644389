/** The words about fields against the fields that are read. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  CORE_TYPES,
  KUBEVIRT_TYPES,
  type KubeVirtType,
  NETWORK_TYPES,
} from '../../../../src/core/manifest/kubevirt-fields.ts';
import { ANNOTATIONS } from '../../../../src/core/manifest/sections/annotations.ts';
import { CNI_BRIDGE, CNI_LIST } from '../../../../src/core/manifest/sections/cni-config.ts';
import { CONFIG_MAP, SECRET } from '../../../../src/core/manifest/sections/file-object.ts';
import { NETWORK_ATTACHMENT_DEFINITION } from '../../../../src/core/manifest/sections/network-object.ts';
import { VIRTUAL_MACHINE } from '../../../../src/core/manifest/sections/virtual-machine.ts';
import { ANNOTATION_WORDS } from '../../../../src/core/schema/annotations.ts';
import { objectTypeOf } from '../../../../src/core/schema/from-readers.ts';
import { type ObjectType, typeWithin } from '../../../../src/core/schema/schema.ts';
import { WORDS } from '../../../../src/core/schema/words.ts';

const ROOT = new URL('../../../../', import.meta.url);

/** Every type that a file may hold, once for each place. */
function* typesIn(type: ObjectType): Generator<ObjectType> {
  yield type;
  for (const { schema } of Object.values(type.fields)) {
    const inner = typeWithin(schema);
    if (inner !== undefined) yield* typesIn(inner);
  }
}
const TYPES = [
  VIRTUAL_MACHINE,
  SECRET,
  CONFIG_MAP,
  NETWORK_ATTACHMENT_DEFINITION,
  CNI_BRIDGE,
  CNI_LIST,
].flatMap((read) => [...typesIn(objectTypeOf(read))]);

test('every field that is read has a description, in whole sentences', () => {
  const fields = TYPES.flatMap(({ name, fields: all }) =>
    Object.entries(all).map(([field, { description }]) => ({
      field: `${name}.${field}`,
      description,
    })),
  );
  expect(fields.length).toBeGreaterThan(100);
  expect(fields.filter(({ description }) => !/^[A-Za-z0-9].*[.)]$/.test(description))).toEqual([]);
});

test('nothing is described that is not read', () => {
  const read = new Set(
    TYPES.flatMap(({ name, fields }) => Object.keys(fields).map((field) => `${name}.${field}`)),
  );
  const described = [...KUBEVIRT_TYPES, ...CORE_TYPES, ...NETWORK_TYPES].flatMap(
    (type: KubeVirtType) => Object.keys(WORDS[type].fields).map((field) => `${type}.${field}`),
  );
  expect(described.filter((name) => !read.has(name))).toEqual([]);
});

test('every annotation that is read is described, and no other', () => {
  expect(Object.keys(ANNOTATION_WORDS).toSorted()).toEqual(ANNOTATIONS.toSorted());
});

test('one type looks the same wherever it stands, but for metadata', () => {
  const seen = new Map<string, ObjectType>();
  for (const type of TYPES) {
    if (type.name !== 'ObjectMeta') expect(seen.get(type.name) ?? type).toEqual(type);
    seen.set(type.name, type);
  }
});

test('a default in docs/manifests.md is the default here', () => {
  const rows = readFileSync(new URL('docs/manifests.md', ROOT), 'utf8').matchAll(
    /^\| `((?:domain|volumes|networks|architecture|terminationGracePeriodSeconds)[^`]*)` \| `?(\w+)`? \|/gm,
  );
  let compared = 0;
  for (const [, path = '', said = ''] of rows) {
    const field = fieldAt(path);
    if (field.default === undefined) continue;
    compared += 1;
    expect(`${path} ${said}`).toBe(`${path} ${field.default}`);
  }
  expect(compared).toBeGreaterThan(12);
});

function fieldAt(path: string): ObjectType['fields'][string] {
  let type: ObjectType | undefined = TYPES.find(
    ({ name }) => name === 'VirtualMachineInstanceSpec',
  );
  let field: ObjectType['fields'][string] | undefined;
  for (const name of path.replaceAll('[]', '').split('.')) {
    field = type?.fields[name];
    type = field && typeWithin(field.schema);
  }
  if (field === undefined) throw new Error(`${path} is documented and not read`);
  return field;
}
