import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sameJson } from '../../../../src/core/manifest/same-json.ts';

const data = () => fc.jsonValue({ maxDepth: 3 });

test('data is the same exactly when its JSON is', () => {
  fc.assert(
    fc.property(data(), data(), (a, b) => {
      expect(sameJson(a, structuredClone(a))).toBe(true);
      expect(sameJson({ a, b }, { a, b: a })).toBe(JSON.stringify(a) === JSON.stringify(b));
      expect(sameJson([a], [b])).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('what is undefined is as if it were absent', () => {
  expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameJson({ a: undefined }, { b: undefined })).toBe(true);
  expect(sameJson(undefined, undefined)).toBe(true);
  expect(sameJson({ a: undefined }, { a: 1 })).toBe(false);
});

test('a list is no object, and null neither', () => {
  expect(sameJson([], {})).toBe(false);
  expect(sameJson(null, {})).toBe(false);
  expect(sameJson({ 0: 'a' }, ['a'])).toBe(false);
});

test('the fields that all objects have are no fields of one', () => {
  expect(sameJson(JSON.parse('{"__proto__": {}}'), { a: 1 })).toBe(false);
});
