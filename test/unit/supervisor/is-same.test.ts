import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSame } from '../../../src/supervisor/is-same.ts';

const data = () => fc.jsonValue({ maxDepth: 3 });

test('data is the same exactly when its JSON is', () => {
  fc.assert(
    fc.property(data(), data(), (a, b) => {
      expect(isSame(a, structuredClone(a))).toBe(true);
      expect(isSame({ a, b }, { a, b: a })).toBe(JSON.stringify(a) === JSON.stringify(b));
      expect(isSame([a], [b])).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('what is undefined is as if it were absent', () => {
  expect(isSame({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(isSame({ a: undefined }, { b: undefined })).toBe(true);
  expect(isSame(undefined, undefined)).toBe(true);
  expect(isSame({ a: undefined }, { a: 1 })).toBe(false);
});

test('a list is no object, and null neither', () => {
  expect(isSame([], {})).toBe(false);
  expect(isSame(null, {})).toBe(false);
  expect(isSame({ 0: 'a' }, ['a'])).toBe(false);
});
