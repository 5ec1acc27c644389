import { describe, expect, test } from 'vitest';
import { admit } from '../../../../src/core/manifest/admit.ts';
import { declaredAfter, declaredNew } from '../../../../src/core/manifest/declared.ts';
import {
  documentBody,
  removeDocument,
  replaceBody,
} from '../../../../src/core/manifest/edit-stream.ts';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import type { JsonObject } from '../../../../src/core/model/json.ts';

const SPEC = { runStrategy: 'Halted', template: { spec: { domain: { devices: {} } } } };
const KIND = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine' };
const SERVED = { uid: 'u', resourceVersion: '3', creationTimestamp: 't', generation: 2 };

describe('what a file is to declare', () => {
  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      'an object that was read',
      {
        ...KIND,
        metadata: { name: 'a', namespace: 'default', labels: {}, annotations: {}, ...SERVED },
        spec: SPEC,
        status: { x: 1 },
      },
      { ...KIND, metadata: { name: 'a' }, spec: SPEC },
      { ...KIND, metadata: { name: 'a' }, spec: SPEC },
    ],
    [
      'the apiVersion of the file',
      { ...KIND, metadata: { name: 'a' }, spec: SPEC },
      { ...KIND, apiVersion: 'kubevirt.io/v1alpha3', metadata: { name: 'a' }, spec: SPEC },
      { ...KIND, apiVersion: 'kubevirt.io/v1alpha3', metadata: { name: 'a' }, spec: SPEC },
    ],
    [
      'what the server manages, where the file has it',
      { ...KIND, metadata: { name: 'a', ...SERVED }, spec: SPEC },
      {
        ...KIND,
        metadata: { name: 'a', creationTimestamp: null, uid: 'old' },
        spec: SPEC,
        status: {},
      },
      {
        ...KIND,
        metadata: { name: 'a', creationTimestamp: null, uid: 'old' },
        spec: SPEC,
        status: {},
      },
    ],
    [
      'null as nothing',
      { ...KIND, metadata: { name: 'a' }, spec: { ...SPEC, x: null } },
      { ...KIND, metadata: { name: 'a' }, spec: { ...SPEC, y: null } },
      { ...KIND, metadata: { name: 'a' }, spec: { ...SPEC, y: null } },
    ],
    [
      'a label more',
      { ...KIND, metadata: { name: 'a', labels: { x: 'y' } }, spec: SPEC },
      { ...KIND, metadata: { name: 'a', namespace: 'default' }, spec: SPEC },
      { ...KIND, metadata: { name: 'a', namespace: 'default', labels: { x: 'y' } }, spec: SPEC },
    ],
    [
      'no labels any more',
      { ...KIND, metadata: { name: 'a' }, spec: SPEC },
      { ...KIND, metadata: { name: 'a', labels: { x: 'y' } }, spec: SPEC },
      { ...KIND, metadata: { name: 'a' }, spec: SPEC },
    ],
  ])('%s', (_, sent, current, expected) => {
    expect(declaredAfter(sent, current)).toEqual(expected);
  });

  test('for a new one', () => {
    const metadata = {
      name: 'a',
      generateName: 'x',
      finalizers: ['f'],
      labels: { x: 'y' },
      ...SERVED,
    };
    const spec = { ...SPEC, x: null };
    expect(declaredNew({ ...KIND, metadata, spec, status: {} })).toEqual({
      ...KIND,
      metadata: { name: 'a', labels: { x: 'y' } },
      spec: SPEC,
    });
  });
});

describe('admission', () => {
  const vm = {
    ...KIND,
    metadata: { name: 'a', foo: 1 },
    spec: {
      ...SPEC,
      'od d': 1,
      template: {
        spec: {
          domain: { devices: { disks: [{ name: 'd', disk: {}, nope: 1 }] } },
          volumes: [{ name: 'd', emptyDisk: { capacity: '1Gi' } }],
        },
      },
    },
  };
  const paths = ['metadata.foo', 'spec.template.spec.domain.devices.disks[0].nope', 'spec[od d]'];

  test('drops unknown fields, or names them', () => {
    const loose = admit(vm, true);
    expect([loose.ok, loose.ok && [...loose.dropped].sort()]).toEqual([true, paths]);
    expect(JSON.stringify(loose.ok && loose.object)).not.toMatch(/foo|nope|od d/);
    const strict = admit(vm, false);
    expect([strict.ok, !strict.ok && [...strict.unknown].sort()]).toEqual([false, paths]);
  });

  test('finds every unknown field of very many', () => {
    const many = Object.fromEntries(Array.from({ length: 350 }, (_, index) => [`f${index}`, 1]));
    const loose = admit({ ...KIND, metadata: { name: 'a' }, spec: { ...SPEC, ...many } }, true);
    expect(loose.ok && loose.dropped.length).toBe(350);
  });
});

describe('the documents of a file', () => {
  const doc = (name: string): string =>
    `# of ${name}\nkind: VirtualMachine\nmetadata: {name: ${name}}\n`;
  const three = `${doc('a')}---\n${doc('b')}---\n${doc('c')}`;

  test.each<[string, string, number, string]>([
    ['the first', three, 0, `---\n${doc('b')}---\n${doc('c')}`],
    ['one between', three, 1, `${doc('a')}---\n${doc('c')}`],
    ['the last', three, 2, `${doc('a')}---\n${doc('b')}`],
    ['one that ends by itself', `${doc('a')}...\n---\n${doc('b')}`, 0, `---\n${doc('b')}`],
    ['one beside an empty one', `${doc('a')}---\n---\n${doc('b')}`, 0, `---\n---\n${doc('b')}`],
    [
      'one in a file with other line endings',
      three.replaceAll('\n', '\r\n'),
      1,
      `${doc('a')}---\n${doc('c')}`.replaceAll('\n', '\r\n'),
    ],
  ])('%s can be taken out', (_, text, index, rest) => {
    expect(removeDocument(text, index)).toEqual({ kind: 'text', text: rest });
  });

  test('the last one of all leaves nothing, and a broken one among others stays', () => {
    expect(removeDocument(`---\n${doc('a')}---\n# nothing\n`, 0)).toEqual({ kind: 'nothing-left' });
    expect(removeDocument('a: b: c\n', 0)).toEqual({ kind: 'nothing-left' });
    expect(removeDocument(`${doc('a')}---\na: [\n---\n${doc('b')}`, 1).kind).toBe('refused');
    expect(removeDocument(three, 7).kind).toBe('refused');
  });

  test('a body can be replaced by another one, and by nothing that is more', () => {
    expect(documentBody(three, 1)).toBe(doc('b'));
    expect(documentBody(`\uFEFF---\n${doc('a')}`, 0)).toBe(doc('a'));
    expect(replaceBody(three, 1, 'x: 1')).toEqual({
      ok: true,
      text: `${doc('a')}---\nx: 1\n---\n${doc('c')}`,
    });
    expect(replaceBody(three, 1, 'x: 1\n---\ny: 2\n')).toMatchObject({ ok: false });
    expect(replaceBody(three, 1, '# only words\n')).toMatchObject({ ok: false });
    const last = replaceBody(three, 2, doc('d'));
    expect(
      last.ok && parseManifests(last.text).documents.map(({ identity }) => identity?.name),
    ).toEqual(['a', 'b', 'd']);
  });
});
