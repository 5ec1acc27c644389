/**
 * docs/manifests.md against the tables that it describes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ANNOTATIONS } from '../../../../src/core/manifest/sections/annotations.ts';
import { onlyDocument } from './manifest-text.ts';
import { supportedFields } from './supported-fields.ts';

const ROOT = new URL('../../../../', import.meta.url);
const DOC = readFileSync(new URL('docs/manifests.md', ROOT), 'utf8');
/** Everything that stands in backquotes. */
const WORDS = new Set([...DOC.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]));
const BLOCKS = [...DOC.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

test('every field that is read is documented', () => {
  const fields = supportedFields();
  const leaves = fields.filter(
    ({ path, clusterOnly }) =>
      !clusterOnly &&
      !fields.some(
        (other) => other.path.startsWith(`${path}.`) || other.path.startsWith(`${path}[`),
      ),
  );
  expect(leaves.length).toBeGreaterThan(60);
  const missing = leaves
    .map(({ path }) => path.replace('spec.template.spec.', ''))
    .filter((path) => !WORDS.has(path));
  expect(missing).toEqual([]);
});

test('every documented field is read', () => {
  const read = new Set(
    supportedFields().map(({ path }) => path.replace('spec.template.spec.', '')),
  );
  const documented = [...WORDS].filter((word) => /^(domain|volumes|networks)[.[]/.test(word ?? ''));
  expect(documented.length).toBeGreaterThan(50);
  expect(documented.filter((word) => !read.has(word ?? '') && word !== 'domain.devices')).toEqual(
    [],
  );
});

test('every field that is accepted with a warning is documented', () => {
  const names = supportedFields()
    .filter(({ clusterOnly }) => clusterOnly)
    .map(({ name }) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !WORDS.has(name))).toEqual([]);
});

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
