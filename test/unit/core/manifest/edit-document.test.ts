import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDocument } from '../../../../src/core/manifest/edit-document.ts';
import { createPositions, createReport } from '../../../../src/core/manifest/report.ts';
import { toJson } from '../../../../src/core/manifest/source-node.ts';
import { buildSourceTree } from '../../../../src/core/manifest/source-tree.ts';
import { writeManifest } from '../../../../src/core/manifest/write-yaml.ts';
import { readYamlStream } from '../../../../src/core/manifest/yaml-stream.ts';
import type { Json, JsonObject } from '../../../../src/core/model/json.ts';

// biome-ignore lint/suspicious/noExplicitAny: a change reaches into whatever the sample holds
type Loose = any;

const ROOT = resolve(import.meta.dirname, '../../../..');

function valuesOf(text: string): readonly (Json | undefined)[] | undefined {
  const stream = readYamlStream(text);
  if (!stream.ok) return undefined;
  return stream.documents.map(({ contents, faults }) => {
    if (contents === undefined || faults.length > 0) return undefined;
    const report = createReport(createPositions(text));
    const tree = buildSourceTree(contents, report);
    return tree === undefined || report.hasErrors ? undefined : toJson(tree);
  });
}

function edited(text: string, change: (object: Loose) => void, index = 0): string {
  const wanted = structuredClone(valuesOf(text)?.[index]) as JsonObject;
  change(wanted);
  const result = editDocument(text, index, wanted);
  if (!result.ok) throw new Error(result.message);
  expect(valuesOf(result.text)?.[index]).toEqual(wanted);
  expect(result.rewritten).toBe(false);
  return result.text;
}

const SAMPLE = `# about this file
apiVersion: kubevirt.io/v1   # the version
kind: VirtualMachine
metadata:
  name: 'web'
  # what it is for
  labels: # of the VM
    app: "shop"   # quoted
    tier: front

  annotations:
    note: |
      two
      lines
spec:
    runStrategy: Always # on purpose
    template:
        spec:
            # the machine
            domain:
                devices:
                    disks:
                    # the first
                    - name: root # its name
                      disk: {bus: virtio}
                    # the second
                    - disk: { bus: sata, readonly: false } # slow
                      name: data
                memory: {guest: 64Mi}
            volumes:
            - {name: root, emptyDisk: {capacity: 1Gi}}
            - name: data
              emptyDisk:
                capacity: 1Gi
# the end
`;

describe('a document is changed', () => {
  test.each<[string, (object: Loose) => void, (text: string) => string]>([
    [
      'a plain value',
      (o) => (o.spec.runStrategy = 'Halted'),
      (t) => t.replace('Always #', 'Halted #'),
    ],
    [
      'a value in single quotes',
      (o) => (o.metadata.name = "o'x"),
      (t) => t.replace("'web'", "'o''x'"),
    ],
    [
      'a value in double quotes',
      (o) => (o.metadata.labels.app = 'a b'),
      (t) => t.replace('"shop"', '"a b"'),
    ],
    [
      'text that only looks like a number',
      (o) => (o.metadata.labels.tier = '12'),
      (t) => t.replace('tier: front', 'tier: "12"'),
    ],
    [
      'a value in brackets',
      (o) => (o.spec.template.spec.domain.memory.guest = '1Gi'),
      (t) => t.replace('{guest: 64Mi}', '{guest: 1Gi}'),
    ],
    [
      'a flag in brackets',
      (o) => (o.spec.template.spec.domain.devices.disks[1].disk.readonly = true),
      (t) => t.replace('readonly: false', 'readonly: true'),
    ],
    [
      'a field more in brackets',
      (o) => (o.spec.template.spec.domain.devices.disks[0].disk.readonly = true),
      (t) => t.replace('{bus: virtio}', '{bus: virtio, readonly: true}'),
    ],
    [
      'a block of text',
      (o) => (o.metadata.annotations.note = 'three\nother\nlines'),
      (t) =>
        t.replace(
          'note: |\n      two\n      lines',
          'note: |-\n      three\n      other\n      lines',
        ),
    ],
    [
      'a block of text to one line',
      (o) => (o.metadata.annotations.note = 'short'),
      (t) => t.replace('note: |\n      two\n      lines', 'note: short'),
    ],
    [
      'one line to a block of text',
      (o) => (o.metadata.labels.app = 'a\nb\n'),
      (t) => t.replace('app: "shop"   # quoted', 'app: | # quoted\n      a\n      b'),
    ],
    [
      'a label more',
      (o) => (o.metadata.labels.zone = 'x'),
      (t) => t.replace('tier: front\n', 'tier: front\n    zone: x\n'),
    ],
    [
      'a label less',
      (o) => delete o.metadata.labels.app,
      (t) => t.replace('    app: "shop"   # quoted\n', ''),
    ],
    [
      'the last label less',
      (o) => delete o.metadata.labels.tier,
      (t) => t.replace('    tier: front\n', ''),
    ],
    [
      'no labels any more',
      (o) => (o.metadata.labels = {}),
      (t) =>
        t.replace(
          'labels: # of the VM\n    app: "shop"   # quoted\n    tier: front\n',
          'labels: {} # of the VM\n',
        ),
    ],
    [
      'a field with its comment',
      (o) => delete o.metadata.labels,
      (t) => t.replace(/ {2}# what it is for[\s\S]*tier: front\n/, ''),
    ],
    [
      'a field in its place',
      (o) => (o.metadata.namespace = 'shop'),
      (t) => t.replace("name: 'web'\n", "name: 'web'\n  namespace: shop\n"),
    ],
    [
      'a first field',
      (o) => (o.spec.running = true),
      (t) => t.replace('    runStrategy', '    running: true\n    runStrategy'),
    ],
    [
      'a disk more',
      (o) => o.spec.template.spec.domain.devices.disks.push({ name: 'x', disk: {} }),
      (t) =>
        t.replace(
          'name: data\n                memory',
          'name: data\n                    - name: x\n                      disk: {}\n                memory',
        ),
    ],
    [
      'a disk before the others',
      (o) => o.spec.template.spec.domain.devices.disks.unshift({ name: 'x', disk: {} }),
      (t) =>
        t.replace(
          'the first\n',
          'the first\n                    - name: x\n                      disk: {}\n',
        ),
    ],
    [
      'the first disk less',
      (o) => o.spec.template.spec.domain.devices.disks.shift(),
      (t) => t.replace(/ {20}- name: root # its name\n.*\n/, ''),
    ],
    [
      'the second disk less',
      (o) => o.spec.template.spec.domain.devices.disks.pop(),
      (t) => t.replace(/ {20}# the second\n.*\n.*\n/, ''),
    ],
    [
      'the first field of an item',
      (o) => delete o.spec.template.spec.domain.devices.disks[1].disk,
      (t) =>
        t.replace(
          '- disk: { bus: sata, readonly: false } # slow\n                      name',
          '- name',
        ),
    ],
    [
      'the last field of an item',
      (o) => (o.spec.template.spec.domain.devices.disks[0].bootOrder = 1),
      (t) => t.replace('{bus: virtio}\n', '{bus: virtio}\n                      bootOrder: 1\n'),
    ],
    [
      'a map for a value',
      (o) => (o.metadata.labels.app = { a: 1 }),
      (t) => t.replace('app: "shop"   # quoted', 'app: # quoted\n      a: 1'),
    ],
    [
      'a value for a map',
      (o) => (o.spec.template.spec.volumes[1].emptyDisk = null),
      (t) => t.replace('emptyDisk:\n                capacity: 1Gi', 'emptyDisk: null'),
    ],
  ])('%s', (_, change, expected) => {
    const want = expected(SAMPLE);
    expect(want).not.toBe(SAMPLE);
    expect(edited(SAMPLE, change)).toBe(want);
    const crlf = SAMPLE.replaceAll('\n', '\r\n');
    expect(edited(crlf, change)).toBe(want.replaceAll('\n', '\r\n'));
    const between = (text: string): string =>
      `# one\nkind: A\n---\n${text}---\nkind: B # three\n...\n`;
    expect(edited(between(SAMPLE), change, 1)).toBe(between(want));
  });

  test.each<[string, string, (object: Loose) => void, string]>([
    [
      'an anchor and all that follows it',
      'a: &x 1\nb: *x\n',
      (o) => Object.assign(o, { a: 2, b: 2 }),
      'a: &x 2\nb: *x\n',
    ],
    ['an anchor alone', 'a: &x 1\nb: *x\n', (o) => (o.a = 2), 'a: &x 2\nb: 1\n'],
    [
      'an alias alone',
      'a: &x 1\nb: *x # b\nc: *x\n',
      (o) => (o.b = 2),
      'a: &x 1\nb: 2 # b\nc: *x\n',
    ],
    [
      'a removed anchor',
      'a: &x {k: 1}\nb: *x\nc: *x\n',
      (o) => delete o.a,
      'b:\n  k: 1\nc:\n  k: 1\n',
    ],
    [
      'a map with an anchor',
      'a: &x\n  k: 1\nb: *x\n',
      (o) => (o.a.l = 2),
      'a: &x\n  k: 1\n  l: 2\nb:\n  k: 1\n',
    ],
    [
      'a merged field',
      'a: &x\n  k: 1\n  l: 2\nb:\n  <<: *x\n  m: 3\n',
      (o) => (o.b.k = 5),
      'a: &x\n  k: 1\n  l: 2\nb:\n  <<: *x\n  m: 3\n  k: 5\n',
    ],
    [
      'a merged field less',
      'a: &x\n  k: 1\n  l: 2\nb:\n  <<: *x\n  m: 3\n',
      (o) => delete o.b.k,
      'a: &x\n  k: 1\n  l: 2\nb:\n  m: 3\n  l: 2\n',
    ],
    [
      'the source of a merge',
      'a: &x\n  k: 1\nb:\n  <<: *x\n  m: 3\n',
      (o) => delete o.a,
      'b:\n  m: 3\n  k: 1\n',
    ],
    ['a value with a tag', 'a: !!str 5 # five\n', (o) => (o.a = 6), 'a: 6 # five\n'],
    ['a value that is not written', 'a:\nb: # b\n', (o) => (o.b = {}), 'a:\nb: {} # b\n'],
    [
      'a file without a last line break',
      'a: 1\nb:\n  c: 2',
      (o) => Object.assign(o, { b: { c: 2, d: 3 }, e: 4 }),
      'a: 1\nb:\n  c: 2\n  d: 3\ne: 4',
    ],
    [
      'folded text elsewhere',
      'a: >-\n  one two\n  three\nb: 1\n',
      (o) => (o.b = 2),
      'a: >-\n  one two\n  three\nb: 2\n',
    ],
    [
      'a long line elsewhere',
      `a: ${'word '.repeat(60)}end\nb: 1\n`,
      (o) => (o.b = 2),
      `a: ${'word '.repeat(60)}end\nb: 2\n`,
    ],
    [
      'text that keeps its blank lines',
      'a: |+\n  one\n\nb: 1\n',
      (o) => (o.a = 'two\n'),
      'a: |\n  two\nb: 1\n',
    ],
    ['text that other programs take for a flag', 'a: x\n', (o) => (o.a = 'on'), 'a: "on"\n'],
    ['a comment below the key', 'a:\n  # why\n  b: 1\n', (o) => (o.a = 1), 'a: 1 # why\n'],
    [
      'comments of an item',
      'a:\n  - b: 1\n    # why\n    c: 2\n',
      (o) => delete o.a[0].b,
      'a:\n  -\n    # why\n    c: 2\n',
    ],
    [
      'lists in lists',
      'a:\n  - - 1\n    - 2\n',
      (o) => o.a[0].push(3),
      'a:\n  - - 1\n    - 2\n    - 3\n',
    ],
    [
      'named items in another order',
      'a:\n  - name: x # X\n  - name: y # Y\n',
      (o) => o.a.reverse(),
      'a:\n  - name: y # Y\n  - name: x\n',
    ],
    [
      'items without names',
      'a:\n  - 1 # one\n  - 2 # two\n  - 3 # three\n',
      (o) => o.a.splice(1, 1),
      'a:\n  - 1 # one\n  - 3 # three\n',
    ],
  ])('%s', (_, text, change, expected) => {
    expect(edited(text, change)).toBe(expected);
  });
});

const FIXTURES = [
  SAMPLE,
  SAMPLE.replaceAll('\n', '\r\n'),
  ...['vms', 'test/fixtures/manifests'].flatMap((dir) =>
    readdirSync(resolve(ROOT, dir), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => readFileSync(resolve(ROOT, dir, name), 'utf8')),
  ),
  'a: &x {k: &y [1, 2], "q": *y2}\n'.replace('*y2', 'z'),
  'base: &b\n  k: 1\n  l: [a, b]\none:\n  <<: *b\n  m: {n: &n text}\ntwo: *b\nthree: [*n, *n]\nfour:\n- <<: [*b]\n  x: "y"\n- - 1\n  - 2\n',
  '{a: 1, b: [1, {c: "d"}]}\n',
  '? a\n: b\nc: d\n',
].filter((text) =>
  valuesOf(text)?.some((value) => value !== undefined && typeof value === 'object'),
);

const words = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'on',
    '12',
    '0x1',
    'null',
    '~',
    '- a',
    'a: b',
    '#',
    'a #b',
    "'",
    '"',
    'x\ny',
    'x\n',
    '\n',
    ' x\n y',
    'x\n\n',
    '\t',
    '*x',
    '&x',
    '<<',
    '\u00e9\u2028',
    'a\rb',
    '\uFEFF',
    '---',
    '...',
    '---\nx',
    '%x',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text.isWellFormed()),
  fc.string({ maxLength: 200 }),
);
const keys = fc.oneof(
  fc.constantFrom('name', 'spec', 'labels', 'a', '__proto__', '<<', 'on', '1', ''),
  words,
);
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    words,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(keys, tie('value')), { maxLength: 3 })
      .map((pairs) => Object.fromEntries(pairs) as JsonObject),
  ),
})).value;

type Path = readonly (string | number)[];
function pathsOf(value: Json | undefined, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Array.isArray(value) ? value.map((v, i) => [i, v] as const) : Object.entries(value);
  return [path, ...inner.flatMap(([key, v]) => pathsOf(v as Json, [...path, key]))];
}

/** One random change: set, remove, add. */
function mutate(object: Json, seed: number, kind: number, key: string, put: Json): Json {
  const all = pathsOf(object).filter((path) => path.length > 0);
  const path = all[seed % Math.max(1, all.length)];
  if (path === undefined) return { ...(object as JsonObject), [key]: put };
  const copy = structuredClone(object);
  let holder: Loose = copy;
  for (const step of path.slice(0, -1)) holder = holder[step];
  const last = path.at(-1) as string | number;
  const set = (where: Loose, name: string, what: Json): void => {
    Object.defineProperty(where, name, {
      value: what,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  };
  if (kind === 0) set(holder, String(last), put);
  else if (kind === 1)
    Array.isArray(holder) ? holder.splice(last as number, 1) : delete holder[last];
  else if (kind === 2)
    Array.isArray(holder) ? holder.splice(last as number, 0, put) : set(holder, key, put);
  else if (Array.isArray(holder)) holder.reverse();
  else set(holder, String(last), [holder[last], put]);
  return copy;
}

const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), keys, json), {
  minLength: 1,
  maxLength: 4,
});

test('whatever is changed, the text says it, and the other documents are as they were', () => {
  let rewritten = 0;
  let total = 0;
  fc.assert(
    fc.property(fc.constantFrom(...FIXTURES), fc.nat(), changes, (text, which, list) => {
      const values = valuesOf(text) ?? [];
      const usable = values.flatMap((v, i) =>
        typeof v === 'object' && v !== null && !Array.isArray(v) ? [i] : [],
      );
      const index = usable[which % usable.length] ?? 0;
      let wanted = values[index] as Json;
      for (const [seed, kind, key, put] of list) wanted = mutate(wanted, seed, kind, key, put);
      const result = editDocument(text, index, wanted as JsonObject);
      if (!result.ok) throw new Error(result.message);
      const after = valuesOf(result.text) ?? [];
      expect(JSON.stringify(sorted(after[index]))).toBe(JSON.stringify(sorted(wanted)));
      expect(after.length).toBe(values.length);
      for (const [at, value] of values.entries())
        if (at !== index) expect(after[at]).toEqual(value);
      total += 1;
      const inBrackets = text.startsWith('{') || text.startsWith('?');
      if (result.rewritten && !inBrackets) rewritten += 1;
    }),
    { numRuns: 200 },
  );
  // Only odd combinations of anchors, and objects with nothing left of them, are written anew.
  expect(rewritten).toBeLessThan(total / 10);
});

function sorted(value: Json | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => [k, sorted(v as Json)]);
}

test('nothing to change changes nothing', () => {
  for (const text of FIXTURES)
    for (const [index, value] of (valuesOf(text) ?? []).entries())
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        expect(editDocument(text, index, value as JsonObject)).toEqual({
          ok: true,
          text,
          rewritten: false,
        });
});

test('a fresh manifest says what it is to say, in the order of KubeVirt', () => {
  fc.assert(
    fc.property(fc.dictionary(keys, json), (object) => {
      const [value] = valuesOf(writeManifest(object)) ?? [];
      expect(JSON.stringify(sorted(value))).toBe(JSON.stringify(sorted(object)));
    }),
    { numRuns: 100 },
  );
  expect(
    writeManifest({
      kind: 'VirtualMachine',
      spec: {
        template: {
          spec: {
            volumes: [{ cloudInitNoCloud: { userData: '#cloud-config\nx: 1\n' }, name: 'c' }],
            domain: { devices: {} },
          },
        },
        runStrategy: 'Always',
      },
      metadata: { labels: { on: 'yes' }, name: 'x' },
      apiVersion: 'kubevirt.io/v1',
    }),
  ).toBe(`apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: x
  labels:
    "on": "yes"
spec:
  runStrategy: Always
  template:
    spec:
      domain:
        devices: {}
      volumes:
        - name: c
          cloudInitNoCloud:
            userData: |
              #cloud-config
              x: 1
`);
});
