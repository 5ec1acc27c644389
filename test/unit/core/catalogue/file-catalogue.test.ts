import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Catalogue,
  type Claims,
  resolveCatalogue,
} from '../../../../src/core/catalogue/catalogue.ts';
import { FileCatalogue } from '../../../../src/core/catalogue/file-catalogue.ts';
import type { KnownFile } from '../../../../src/core/catalogue/known-file.ts';
import { type Objects, resolveObjects } from '../../../../src/core/catalogue/objects.ts';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';

const vm = (name: string, after?: string): string =>
  `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: ${name}
${after === undefined ? '' : `  annotations: {solovirt.io/start-after: '${after}'}\n`}spec:
  runStrategy: Always
  template: {spec: {domain: {devices: {}}}}
`;
const secret = (value: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: ${value}}\n`;

const DOCUMENTS = [
  vm('a'),
  vm('b'),
  vm('c'),
  vm('a', 'b'),
  vm('b', 'c'),
  vm('c', 'a, gone'),
  secret('one'),
  secret('two'),
  'kind: VirtualMachine\nmetadata: {name: a}\nspec: {runStrategy: Sometimes}\n',
  'metadata: {name: [\n',
  'just: words\n',
];
const PATHS = ['/1.yaml', '/2.yaml', '/3.yaml', '/4.yaml'];

interface Step {
  readonly path: string;
  /** Undefined: the file is removed; null: it is listed and not read yet. */
  readonly text: string | undefined | null;
  /** Of which VMs the records follow afterwards. */
  readonly followed: readonly string[];
}

const steps = fc.array(
  fc.record<Step>({
    path: fc.constantFrom(...PATHS),
    text: fc.oneof(
      fc.array(fc.constantFrom(...DOCUMENTS), { maxLength: 3 }).map((all) => all.join('---\n')),
      fc.constantFrom(undefined, null),
    ),
    followed: fc.subarray(['default/a', 'default/b', 'default/c']),
  }),
  { maxLength: 12 },
);

test('what is kept up to date says what all files together say', () => {
  fc.assert(fc.property(steps, agreesAtEachStep));
});

function agreesAtEachStep(all: readonly Step[]): void {
  const kept = new FileCatalogue();
  const files = new Map<string, KnownFile>();
  const claims = new Map<string, { identity: { namespace: string; name: string }; path: string }>();
  let objects: Objects = new Map();
  let before: Catalogue = new Map();
  for (const [index, { path, text, followed }] of all.entries()) {
    const order = files.get(path)?.order ?? index;
    if (text === undefined) {
      files.delete(path);
      kept.forget(path);
    } else {
      const file = fileOf(path, order, text);
      files.set(path, file);
      kept.take(file);
    }
    const keys = kept.resolve(claims);
    const whole = resolveObjects([...files.values()], objects);
    objects = whole.objects;
    const catalogue = resolveCatalogue([...files.values()], claims, whole.faults);
    expect(sorted(kept.catalogue)).toEqual(sorted(catalogue));
    expect(sorted(kept.objects)).toEqual(sorted(objects));
    expect(keys).toEqual(expect.arrayContaining([...differing(before, catalogue)]));
    before = catalogue;
    for (const key of followed) follow(claims, key, catalogue);
  }
}

function fileOf(path: string, order: number, text: string | null): KnownFile {
  return text === null
    ? { path, order, unread: true, documents: [], problems: [] }
    : { path, order, text, unread: false, ...parseManifests(text) };
}

/** As passes do: the record of a VM goes with its file, and goes when nothing declares it any more. */
function follow(
  claims: Map<string, { identity: { namespace: string; name: string }; path: string }>,
  key: string,
  catalogue: Catalogue,
): void {
  const entry = catalogue.get(key);
  if (entry === undefined) claims.delete(key);
  else if (entry.vm !== undefined)
    claims.set(key, {
      identity: { namespace: entry.namespace, name: entry.name },
      path: entry.path,
    });
}

function sorted<E>(map: ReadonlyMap<string, E>): readonly (readonly [string, E])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function differing(before: Catalogue, after: Catalogue): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)),
  );
}

test('a change of one file is no news of the others, and a file that reads the same is none at all', () => {
  const kept = new FileCatalogue();
  const claims: Claims = new Map();
  kept.take(fileOf('/1.yaml', 1, vm('a')));
  kept.take(fileOf('/2.yaml', 2, vm('b')));
  expect(kept.resolve(claims)).toEqual(['default/a', 'default/b']);
  const { catalogue, objects } = kept;
  kept.take(fileOf('/2.yaml', 2, `${vm('b')}# more\n`));
  expect(kept.resolve(claims)).toEqual(['default/b']);
  expect(kept.catalogue.get('default/a')).toBe(catalogue.get('default/a'));
  expect(kept.objects).toBe(objects);
  const file = kept.file('/1.yaml');
  if (file !== undefined) kept.take(file);
  expect(kept.resolve(claims)).toEqual([]);
});
