/** Secrets and ConfigMaps in files: what is read, and what no message tells. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import type { ParsedFile } from '../../../../src/core/manifest/parsed.ts';
import { maySecret } from '../../../../src/core/manifest/sealed.ts';
import type { FileObject } from '../../../../src/core/model/file-object.ts';
import { onlyDocument } from './manifest-text.ts';

const GOOD = new URL('../../../fixtures/manifests/good/core-objects.yaml', import.meta.url);

function objectsIn(text: string): readonly (FileObject | undefined)[] {
  return parseManifests(text).documents.map(({ object }) => object?.content);
}

function codes(text: string): readonly string[] {
  return onlyDocument(text).problems.map(({ code, path }) => `${code} ${path}`.trim());
}

describe('what a file declares', () => {
  test('a Secret with its values as text and base64, text first, in the order of keys', () => {
    expect(objectsIn(readFileSync(GOOD, 'utf8'))[0]).toEqual({
      kind: 'Secret',
      namespace: 'prod',
      name: 'web.user-data',
      labels: { app: 'web' },
      annotations: {},
      immutable: true,
      type: 'Opaque',
      values: new Map([
        ['empty', { base64: '' }],
        ['tls.key', { text: '12345' }],
        ['token', { base64: 'aHVudGVyMg==' }],
        ['user-data', { text: '#cloud-config\npassword: hunter2\n' }],
        ['wrapped', { base64: 'aHVudGVyMg==' }],
      ]),
    });
  });

  test('a ConfigMap with texts and bytes', () => {
    expect(objectsIn(readFileSync(GOOD, 'utf8'))[2]).toEqual({
      kind: 'ConfigMap',
      namespace: 'default',
      name: 'app-config',
      labels: {},
      annotations: {},
      immutable: false,
      values: new Map([
        ['app.properties', { text: 'port=80\n' }],
        ['logo', { base64: 'iVBORw0KGgo=' }],
      ]),
    });
  });

  test('of data and stringData the latter counts', () => {
    const text =
      '{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: aQ==}, stringData: {k: x}}';
    const content = onlyDocument(text).object?.content;
    const values = content !== undefined && 'values' in content ? content.values : [];
    expect([...values]).toEqual([['k', { text: 'x' }]]);
  });

  test('objects are no VMs, and VMs beside them are', () => {
    const vm =
      '{apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: a}, spec: {running: true, template: {spec: {domain: {devices: {}}}}}}';
    const { documents } = parseManifests(`kind: ConfigMap\n---\n${vm}\n`);
    expect(documents.map(({ identity, object }) => [identity, object])).toEqual([
      [undefined, undefined],
      [{ namespace: 'default', name: 'a' }, undefined],
    ]);
    expect(documents[1]?.vm?.name).toBe('a');
  });

  test('a broken one still tells what it is called', () => {
    const broken = 'kind: Secret\nmetadata: {name: a.b, namespace: c}\nstringData: {x: 1}';
    const { object } = onlyDocument(broken);
    expect(object).toEqual({ kind: 'Secret', namespace: 'c', name: 'a.b' });
  });
});

describe('the rules of Kubernetes', () => {
  const secret = (rest: object): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, ...rest });

  test.for([
    ['253 characters', `${'a'.repeat(126)}.${'b'.repeat(126)}`, []],
    ['254 characters', `${'a'.repeat(127)}.${'b'.repeat(126)}`, ['invalid-value metadata.name']],
    ['an empty part', 'a..b', ['invalid-value metadata.name']],
    ['a part that ends with a dash', 'a-.b', ['invalid-value metadata.name']],
    ['capitals', 'A', ['invalid-value metadata.name']],
  ] as const)('a name of %s', ([, name, expected]) => {
    expect(codes(secret({ metadata: { name } }))).toEqual(expected);
  });

  test.for([
    ['.dockerconfigjson', []],
    ['a'.repeat(253), []],
    ['a'.repeat(254), ['invalid-value stringData']],
    ['', ['invalid-value stringData']],
    ['.', ['invalid-value stringData']],
    ['..a', ['invalid-value stringData']],
    ['a/b', ['invalid-value stringData']],
    ['ä', ['invalid-value stringData']],
  ] as const)('the key %s', ([key, expected]) => {
    expect(codes(secret({ stringData: { [key]: 'x' } }))).toEqual(expected);
  });

  test.for([
    ['', []],
    ['aQ==', []],
    ['aGk=', []],
    ['aGkh\naGkh\n', []],
    ['aQ', ['invalid-value data.k']],
    ['aQ=', ['invalid-value data.k']],
    ['a===', ['invalid-value data.k']],
    ['aQ==aQ==', ['invalid-value data.k']],
    ['aG kh', ['invalid-value data.k']],
    ['aG-_', ['invalid-value data.k']],
  ] as const)('the base64 %j', ([k, expected]) => {
    expect(codes(secret({ data: { k } }))).toEqual(expected);
  });

  test.for([
    ['kubernetes.io/tls', { 'tls.crt': 'x', 'tls.key': 'x' }, []],
    ['kubernetes.io/tls', { 'tls.crt': 'x' }, ['required data']],
    ['kubernetes.io/basic-auth', { password: 'x' }, []],
    ['kubernetes.io/basic-auth', { pass: 'x' }, ['required data']],
    ['kubernetes.io/ssh-auth', {}, ['required data']],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '{}' }, []],
    ['example.com/mine', {}, []],
    ['', {}, []],
  ] as const)('the type %s with %j', ([type, stringData, expected]) => {
    expect(codes(secret({ type, stringData }))).toEqual(expected);
  });

  test('values of more than 1 MiB together are refused', () => {
    const half = 'x'.repeat(600_000);
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: &h "${half}", b: *h}\n`;
    expect(codes(text)).toEqual(['values-too-large']);
  });

  test('a key stands in data or in binaryData', () => {
    const both = { data: { k: 'x' }, binaryData: { k: 'aQ==' } };
    expect(codes(secret({ kind: 'ConfigMap', ...both }))).toEqual(['duplicate-key binaryData.k']);
  });
});

/** Stands for what must not be told. It is a word, so that it may end up as any part of a broken file. */
const MARK = 'hunter2HUNTER2';

function told({ documents, problems }: ParsedFile): string {
  return JSON.stringify([problems, documents.map(({ object: _, vm: __, ...rest }) => rest)]);
}

const SECRETS = [
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  password: ${MARK}\n  user: |\n    x ${MARK} y\n`,
  `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {"k": "${MARK}", l: '${MARK}', m: *${MARK}}\n`,
  `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"k": "${MARK}"}}\n`,
];
const VM = 'apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: a}\nspec: {}\n';

test.for([
  ['a number', 'stringData: {k: 8472}', '8472'],
  ['a number for all', 'stringData: 8472', '8472'],
  ['a list', `stringData: [${MARK}]`, MARK],
  ['no base64', `data: {k: ${MARK}!}`, MARK],
  ['a lost colon', `stringData:\n  password:${MARK}\n  user: x`, MARK],
  ['a lost key', `stringData: {"${MARK} ": x}`, MARK],
  ['an alias', `stringData: {k: *${MARK}}`, MARK],
  ['a tag', `stringData: {k: !${MARK} x}`, MARK],
  ['a tag for a map', `stringData: {k: !${MARK} {}}`, MARK],
  ['a bad escape', 'stringData: {k: "\\xZQ"}', 'ZQ'],
  ['a directive', `stringData: {k: x}\n---\n%${MARK}`, MARK],
  ['a block scalar', `stringData:\n  k: |${MARK}\n`, MARK],
  ['text of its own', `stringData: {k: x}\n--- ${MARK}`, MARK],
  ['a key twice', `stringData: {"${MARK}!": x, "${MARK}!": y}`, MARK],
  ['a lost colon in braces', `stringData: {k, ${MARK}}`, MARK],
  ['a bad key', 'stringData: {k: x, 8472: y}', '8472'],
  ['a merge', `stringData: {<<: 8472}`, '8472'],
  ['a document that is a number', 'stringData: {k: x}\n---\n8472', '8472'],
] as const)('no message quotes a Secret: %s', ([, fields, mark]) => {
  const text = `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n${fields}\n`;
  expect(parseManifests(text).documents.some(({ problems }) => problems.length > 0)).toBe(true);
  expect(told(parseManifests(text))).not.toContain(mark);
});

test.for([
  ['kind: Secret', true],
  ['{"kind":"Secret"}', true],
  ['kind: secrets', true],
  ['kind: Secert', true],
  ['kind : !!str "Secret"', true],
  ['kind Secret', true],
  ['kin: Secret', true],
  ['kind: S-ecret\ndata: {k: x}', true],
  ['kind: [\nstringData: x', true],
  ['"data" : {}', true],
  [VM, false],
  ['userData: "#cloud-config"', false],
  ['cloudInitNoCloud: {secretRef: {name: a}}', false],
  ['secret: {secretName: a}', false],
] as const)('%j may be, or hold, a Secret: %j', ([text, expected]) => {
  expect(maySecret(text)).toBe(expected);
});

test('no message quotes a Secret, however its file is damaged', () => {
  const pieces = fc.constantFrom(...'-:?,[]{}#&*!|>\'"%@` \t\n\\', '---\n', ': ', '  ', '', '\n\n');
  const damage = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: 3 }),
    by: pieces,
  });
  const damaged = fc
    .tuple(
      fc.constantFrom(...SECRETS, ...SECRETS.map((text) => `${VM}---\n${text}---\n${VM}`)),
      fc.array(damage, { minLength: 1, maxLength: 4 }),
    )
    .map(([text, cuts]) =>
      cuts.reduce((left, { at, length, by }) => {
        const start = Math.floor(at * left.length);
        return left.slice(0, start) + by + left.slice(start + length);
      }, text),
    );
  fc.assert(
    fc.property(damaged, (text) => {
      // Damaged beyond recognition: there is a test for what is recognized.
      fc.pre(maySecret(text));
      for (const part of [MARK, MARK.slice(0, 7), MARK.slice(7)])
        if (told(parseManifests(text)).includes(part)) throw new Error(told(parseManifests(text)));
    }),
    { numRuns: 1000 },
  );
});
