/** The JSON Schema for editors: it takes what the readers take, and what it refuses they refuse. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import { manifestJsonSchema } from '../../../../src/core/schema/json-schema.ts';

const ROOT = new URL('../../../../', import.meta.url);
const KUBEVIRT = new URL('../shared/reference/kubevirt-schema.json', ROOT);
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictTypes: false });
ajv.addKeyword('patternErrorMessage');
const isValid = ajv.compile(manifestJsonSchema());

const YAML_FAULT = /^(yaml-|bad-key|duplicate-key|too-)/;

interface Written {
  readonly from: string;
  readonly text: string;
}

/** Every VM in the examples and in the YAML blocks of the documentation. */
function published(): readonly Written[] {
  const files = globSync(['vms/*.yaml', 'packaging/examples/*.yaml'], { cwd: ROOT });
  const docs = globSync(['README.md', 'docs/*.md'], { cwd: ROOT });
  return [
    ...files.map((file) => ({ from: file, text: read(file) })),
    ...docs.flatMap((file) =>
      [...read(file).matchAll(/```yaml\n([\s\S]*?)```/g)]
        .map(([, text = '']) => ({ from: file, text }))
        .filter(({ text }) => text.includes('kind: VirtualMachine')),
    ),
  ];
}

function read(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}

function documents({ text }: Written): readonly unknown[] {
  return parseAllDocuments(text, { merge: true }).flatMap((document) => {
    const value: unknown = document.toJS({ maxAliasCount: 1000 });
    return value === null ? [] : [value];
  });
}

function faults(value: unknown): readonly string[] {
  if (isValid(value)) return [];
  return (isValid.errors ?? []).map((fault) => `${fault.instancePath}: ${fault.message}`);
}

test('every VM that is published is valid', () => {
  const written = published();
  expect(written.length).toBeGreaterThan(4);
  for (const vm of written)
    for (const document of documents(vm))
      expect({ ...vm, faults: faults(document) }).toEqual({ ...vm, faults: [] });
});

test('every good file is valid', () => {
  const files = globSync('test/fixtures/manifests/good/*.yaml', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(3);
  for (const file of files)
    for (const document of documents({ from: file, text: read(file) }))
      expect({ file, faults: faults(document) }).toEqual({ file, faults: [] });
});

test('what the schema refuses the readers refuse, and it refuses most of what they do', () => {
  const counts = { refused: 0, missed: 0 };
  for (const file of globSync('test/fixtures/manifests/bad/*.yaml', { cwd: ROOT })) {
    for (const { text, problems } of parseManifests(read(file)).documents) {
      // The text of a Secret is not kept.
      if (text === '') continue;
      // What is no YAML, or names what is not there, is no value that a schema could judge.
      if (problems.some(({ code }) => YAML_FAULT.test(code))) continue;
      const [document] = parseAllDocuments(text, { merge: true });
      if (document === undefined) continue;
      const value: unknown = document.toJS();
      const isBad = problems.some(({ severity }) => severity === 'error');
      const found = faults(value);
      if (!isBad) expect({ file, text, found }).toEqual({ file, text, found: [] });
      else if (found.length > 0) counts.refused += 1;
      else counts.missed += 1;
    }
  }
  expect(counts.refused).toBeGreaterThan(counts.missed);
});

test.each([
  ['a Secret', { kind: 'Secret', stringData: { k: 'x' }, data: { k: 'aQ==' } }, 0],
  ['a ConfigMap', { kind: 'ConfigMap', data: { k: 'x' }, binaryData: { l: 'aQ==' } }, 0],
  ['text where base64 is asked for', { kind: 'Secret', data: { k: 'p!' } }, 1],
  ['a number as a value', { kind: 'ConfigMap', data: { k: 1 } }, 1],
  ['a field of the other kind', { kind: 'ConfigMap', stringData: {} }, 1],
])('%s is judged by its kind', (_, rest, expected) => {
  const object = { apiVersion: 'v1', metadata: { name: 'a.b' }, ...rest };
  expect(faults(object).filter((fault) => !fault.includes('match "')).length).toBe(expected);
});

test.each([
  ['an unknown field', (spec: Spec) => ({ ...spec, runStratgy: 'Always' })],
  ['an unknown strategy', (spec: Spec) => ({ ...spec, runStrategy: 'Sometimes' })],
  ['both ways to say the strategy', (spec: Spec) => ({ ...spec, running: true })],
  ['no strategy', ({ runStrategy: _, ...spec }: Spec) => spec],
  [
    'a field that KubeVirt has alone',
    (spec: Spec) => ({ ...spec, instancetype: { name: 'small' } }),
  ],
  ['no template', ({ template: _, ...spec }: Spec) => spec],
])('%s is refused', (_, change) => {
  const [vm] = documents({ from: '', text: read('vms/demo.yaml') }) as [{ spec: Spec }];
  expect(faults(vm)).toEqual([]);
  expect(faults({ ...vm, spec: change(vm.spec) })).not.toEqual([]);
});

type Spec = Readonly<Record<string, unknown>>;

test('an empty list of what is not supported, and an absent value, are no fault', () => {
  const [vm] = documents({ from: '', text: read('vms/demo.yaml') }) as [{ spec: Spec }];
  expect(faults({ ...vm, spec: { ...vm.spec, dataVolumeTemplates: [], running: null } })).toEqual(
    [],
  );
});

/** One value of a document is taken away, or something is put in its place or beside it. */
interface Change {
  readonly where: number;
  /** Undefined takes away. */
  readonly by?: unknown;
  readonly name?: string | undefined;
}

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ where: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      where: fc.nat(),
      by: fc.constantFrom<unknown>(
        ...[null, '', 'x', 'Always', 'virtio', '1Gi', 'WEB', 'up', 0, 1, 2, -1, 1e9, 0.5],
        ...[true, false, [], {}, [{}], [null], { name: 'x' }],
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      where: fc.nat(),
      by: fc.constantFrom<unknown>(null, [], 'x', {}),
      name: fc.constantFrom('gpus', 'affinity', 'dataVolumeTemplates', 'status', 'uid', 'features'),
    }),
  },
);

/** Every map and every list inside. */
function* containers(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* containers(inner);
}

function changed(document: unknown, changes: readonly Change[]): unknown {
  const copy = structuredClone(document);
  for (const { where, by, name } of changes) {
    const all = [...containers(copy)];
    const container = all[where % all.length];
    const keys = Object.keys(container ?? {});
    const key = name ?? keys[Math.floor(where / all.length) % keys.length];
    if (container === undefined || key === undefined) continue;
    if (Array.isArray(container)) {
      if (name === undefined) container.splice(Number(key), 1);
    } else if (by === undefined) delete container[key];
    else container[key] = structuredClone(by);
  }
  return copy;
}

test('what the readers take the schema takes, whatever was changed in a good file', () => {
  const [full] = documents({ from: '', text: read('test/fixtures/manifests/good/full.yaml') });
  let taken = 0;
  fc.assert(
    fc.property(fc.array(anyChange, { minLength: 1, maxLength: 2 }), (changes) => {
      const document = changed(full, changes);
      const { documents: parsed, problems } = parseManifests(JSON.stringify(document));
      const all = [...problems, ...parsed.flatMap((one) => one.problems)];
      if (all.some(({ severity }) => severity === 'error')) return;
      taken += 1;
      expect(faults(document)).toEqual([]);
    }),
    { numRuns: 300 },
  );
  expect(taken).toBeGreaterThan(20);
});

test('the committed copy is what the generator writes: npm run generate', () => {
  expect(JSON.parse(read('docs/schema/virtualmachine.json'))).toEqual(manifestJsonSchema());
});

test.skipIf(!existsSync(KUBEVIRT))(
  'every VM that is published is one for a KubeVirt cluster',
  () => {
    const schema = JSON.parse(readFileSync(KUBEVIRT, 'utf8')) as { definitions: object };
    const kubevirt = new Ajv({ allErrors: true, strict: false, validateFormats: false });
    const accepts = kubevirt.compile({
      definitions: strict(schema.definitions),
      $ref: '#/definitions/v1.VirtualMachine',
    });
    for (const vm of published())
      for (const document of documents(vm)) {
        // What stands beside it is Kubernetes' own.
        if ((document as { kind?: string }).kind !== 'VirtualMachine') continue;
        accepts(document);
        expect({ ...vm, faults: accepts.errors ?? [] }).toEqual({ ...vm, faults: [] });
      }
  },
);

/** The API server takes no field that is not declared, and a quantity as text or number. */
function strict(definitions: object): object {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]: [string, Record<string, unknown>]) => {
      if (name.endsWith('.Quantity')) return [name, { type: ['string', 'number'] }];
      const closed =
        definition['properties'] !== undefined && definition['additionalProperties'] === undefined;
      return [name, closed ? { ...definition, additionalProperties: false } : definition];
    }),
  );
}
