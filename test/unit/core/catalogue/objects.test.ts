/** Which Secret and ConfigMap is in force. */
import { expect, test } from 'vitest';
import { resolveCatalogue } from '../../../../src/core/catalogue/catalogue.ts';
import type { KnownFile } from '../../../../src/core/catalogue/known-file.ts';
import { type Objects, resolveObjects } from '../../../../src/core/catalogue/objects.ts';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';

const secret = (name: string, value: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\nstringData: {k: ${value}}\n`;

let order = 0;
function file(path: string, text: string): KnownFile {
  order += 1;
  return { path, order, text, unread: false, ...parseManifests(text) };
}

function shown(objects: Objects): readonly string[] {
  return [...objects]
    .map(
      ([key, { path, object }]) =>
        `${key} in ${path}: ${JSON.stringify('values' in object && object.values.get('k'))}`,
    )
    .toSorted((a, b) => a.localeCompare(b));
}

const NONE: Objects = new Map();
const ONE = resolveObjects([file('/a.yaml', secret('s', 'one'))], NONE).objects;

function problems(files: readonly KnownFile[], before: Objects): readonly string[] {
  const { faults } = resolveObjects(files, before);
  const catalogue = resolveCatalogue(files, new Map(), faults);
  return [...catalogue.values()].flatMap((e) => e.problems.map(({ code }) => `${e.name}: ${code}`));
}

test('each object of each file, whatever else stands there', () => {
  const map = secret('s', 'x').replace('Secret', 'ConfigMap').replace('stringData', 'data');
  const files = [
    file('/a.yaml', `${secret('s', 'one')}---\n${map}`),
    file('/b.yaml', secret('t', 'two')),
  ];
  expect(shown(resolveObjects(files, NONE).objects)).toEqual([
    'ConfigMap/default/s in /a.yaml: {"text":"x"}',
    'Secret/default/s in /a.yaml: {"text":"one"}',
    'Secret/default/t in /b.yaml: {"text":"two"}',
  ]);
  expect(problems(files, NONE)).toEqual([]);
});

test('of two with one name the one that was in force, and the other file has the problem', () => {
  const files = [file('/0.yaml', secret('s', 'two')), file('/a.yaml', secret('s', 'one'))];
  expect(shown(resolveObjects(files, ONE).objects)).toEqual([
    'Secret/default/s in /a.yaml: {"text":"one"}',
  ]);
  expect(problems(files, ONE)).toEqual(['0.yaml: duplicate-object']);
  expect(shown(resolveObjects(files, NONE).objects)).toEqual([
    'Secret/default/s in /0.yaml: {"text":"two"}',
  ]);
  expect(problems(files, NONE)).toEqual(['a.yaml: duplicate-object']);
});

test.for([
  ['is not valid any more', secret('s', '1')],
  ['is not YAML any more', secret('s', '"one')],
  ['has become part of a broken one', `a: "\n---\n${secret('s', 'one')}`],
  ['lost its name', secret('"S"', 'one')],
])('the last good one holds while its document %s', ([, text = '']) => {
  const files = [file('/a.yaml', text)];
  expect(shown(resolveObjects(files, ONE).objects)).toEqual(shown(ONE));
  expect(problems(files, ONE)).not.toEqual([]);
  expect(resolveObjects(files, NONE).objects.size).toBe(0);
  expect(problems(files, NONE)).not.toEqual([]);
});

test('it goes with its document, and with its file', () => {
  expect(
    resolveObjects([file('/a.yaml', secret('t', 'x'))], ONE).objects.has('Secret/default/s'),
  ).toBe(false);
  expect(resolveObjects([], ONE).objects.size).toBe(0);
});

test('a file that was saved again without a change of the object is no change of it', () => {
  const again = resolveObjects([file('/a.yaml', `# new\n${secret('s', 'one')}`)], ONE).objects;
  const other = resolveObjects([file('/a.yaml', secret('s', 'two'))], ONE).objects;
  const key = 'Secret/default/s';
  expect(again.get(key)?.object).toBe(ONE.get(key)?.object);
  expect(other.get(key)?.object).not.toEqual(ONE.get(key)?.object);
});

test('a VM of a file is gone with its document although a Secret stays there', () => {
  const claims = new Map([
    ['default/v', { identity: { namespace: 'default', name: 'v' }, path: '/a.yaml' }],
  ]);
  expect(resolveCatalogue([file('/a.yaml', secret('s', 'one'))], claims).size).toBe(0);
});
