/**
 * What docs/manifests.md says beside its tables of fields, which test/unit/docs/manifests.test.ts looks at.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ANNOTATIONS } from '../../../../src/core/manifest/sections/annotations.ts';
import { onlyDocument } from './manifest-text.ts';

const ROOT = new URL('../../../../', import.meta.url);
const DOC = readFileSync(new URL('docs/manifests.md', ROOT), 'utf8');
/** Everything that stands in backquotes. */
const WORDS = new Set([...DOC.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]));
const BLOCKS = [...DOC.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

test('every annotation is documented', () => {
  expect(ANNOTATIONS.filter((name) => !WORDS.has(name))).toEqual([]);
});

test('every code of a problem is documented', () => {
  const folder = new URL('test/fixtures/manifests/bad/', ROOT);
  const listed = readdirSync(folder)
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .flatMap((text) => [...text.matchAll(/^# \d+:\d+ (?:error|warning) (\S+)/gm)]);
  const codes = listed.map((match) => match[1]);
  expect(new Set(codes).size).toBeGreaterThan(20);
  expect(codes.filter((code) => !WORDS.has(code))).toEqual([]);
});

test('the example is valid', () => {
  const { vm, problems } = onlyDocument(BLOCKS[0] ?? '');
  expect(problems).toEqual([]);
  expect(vm?.template.spec.interfaces[0]?.forwards).toHaveLength(1);
});
