/** The parser of VM files meets anything: it answers with problems that can be shown, and never throws. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_MANIFEST_BYTES, parseManifests } from '../../../../src/core/manifest/parse.ts';
import type { ParsedFile } from '../../../../src/core/manifest/parsed.ts';
import type { Problem } from '../../../../src/core/model/problem.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/manifests');
const SAMPLES = ['good', 'bad'].flatMap((kind) =>
  readdirSync(join(FIXTURES, kind)).map((name) => readFileSync(join(FIXTURES, kind, name), 'utf8')),
);
/** Far above what any message has, far below what an author can write. */
const LONGEST_MESSAGE = 1000;

function problemsOf({ problems, documents }: ParsedFile): readonly Problem[] {
  return [...problems, ...documents.flatMap((document) => document.problems)];
}

function isShowable({ line, column, message, path }: Problem): boolean {
  return (
    Number.isInteger(line) &&
    line >= 1 &&
    Number.isInteger(column) &&
    column >= 1 &&
    message.length > 0 &&
    message.length <= LONGEST_MESSAGE &&
    !message.includes('\n') &&
    path.length <= LONGEST_MESSAGE
  );
}

function check(text: string): void {
  const file = parseManifests(text);
  for (const problem of problemsOf(file))
    if (!isShowable(problem)) throw new Error(`cannot be shown: ${JSON.stringify(problem)}`);
  for (const document of file.documents) {
    const errors = document.problems.filter(({ severity }) => severity === 'error');
    expect(document.vm === undefined || errors.length === 0).toBe(true);
    if (document.vm === undefined) continue;
    const [again] = parseManifests(document.text).documents;
    expect(again?.vm).toEqual(document.vm);
  }
  expect(parseManifests(text)).toEqual(file);
}

const yamlish = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'-:?,[]{}#&*!|>\'"%@` \t\n\r\0\u0085\u2028\ufeff'),
    fc.constantFrom('---\n', '...\n', '  ', '<<: ', '!!binary ', '*a', '&a ', 'name: ', '\ud800'),
    fc.constantFrom(
      'apiVersion: kubevirt.io/v1\n',
      'kind: VirtualMachine\n',
      'spec:\n',
      '0x1',
      '1e9',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  ),
  maxLength: 200,
});

test('any text', () => {
  fc.assert(fc.property(yamlish, check), { numRuns: 500 });
});

/** A sample in which a few pieces were replaced by other pieces, of it or of something else. */
const damaged = fc
  .tuple(
    fc.constantFrom(...SAMPLES),
    fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat({ max: 60 }),
        by: fc.oneof(
          yamlish,
          fc.constantFrom(...SAMPLES.flatMap((sample) => sample.split(/(?<=\n)/))),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([sample, cuts]) =>
    cuts.reduce((text, { at, length, by }) => {
      const start = Math.floor(at * text.length);
      return text.slice(0, start) + by + text.slice(start + length);
    }, sample),
  );

test('files that were good, damaged', () => {
  fc.assert(fc.property(damaged, check), { numRuns: 60 });
});

const VM = 'apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: a}\nspec:\n';
const repeated = (piece: string): string =>
  piece.repeat(Math.floor((MAX_MANIFEST_BYTES - 1000) / piece.length));

/** What makes parsers take quadratic time or exponential space. */
const HEAVY: Readonly<Record<string, string>> = {
  'lists in lists': repeated('['),
  'maps in maps': repeated('{'),
  'items in items': repeated('- '),
  'keys of keys': repeated('? '),
  'deeper and deeper': Array.from({ length: 1300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
  'an endless string': `"${repeated('a')}`,
  'very many documents': repeated('a: b\n---\n'),
  'very many equal keys': repeated('k: 1\n'),
  'very many anchors': repeated('- &a x\n'),
  'aliases of aliases': Array.from({ length: 60 }, (_, n) =>
    n === 0 ? 'b0: &b0 [x, x]' : `b${n}: &b${n} [*b${n - 1}, *b${n - 1}]`,
  ).join('\n'),
  'very many unknown fields':
    VM + Array.from({ length: 50_000 }, (_, n) => `  k${n}: 1`).join('\n'),
  'very many disks': `${VM}  template: {spec: {domain: {devices: {disks: [${repeated('{name: a},')}]}}}}`,
  'very many volumes': `${VM}  template: {spec: {domain: {}, volumes: [${repeated('{name: a},')}]}}`,
  'a very long name': `${VM}  runStrategy: ${repeated('x')}`,
};

test.for(Object.entries(HEAVY))('%s', ([, text]) => {
  expect(text.length).toBeLessThanOrEqual(MAX_MANIFEST_BYTES);
  const problems = problemsOf(parseManifests(text));
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(1000);
  expect(problems.every(isShowable)).toBe(true);
});
