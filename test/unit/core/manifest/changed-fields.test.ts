import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedFields } from '../../../../src/core/manifest/changed-fields.ts';
import type { JsonObject } from '../../../../src/core/model/json.ts';

const json = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 3 }), {
  maxKeys: 4,
}) as fc.Arbitrary<JsonObject>;

describe('changed fields', () => {
  test.for([
    ['nothing', { a: { b: [1] } }, { a: { b: [1] } }, []],
    ['a value', { a: { b: 1, c: 2 } }, { a: { b: 2, c: 2 } }, ['a.b']],
    ['a kind', { a: {} }, { a: [] }, ['a']],
    ['null and absent', { a: null }, {}, ['a']],
    ['added and removed', { a: 1 }, { b: { c: 1 } }, ['a', 'b']],
    [
      'a label',
      { l: { 'kubevirt.io/vm': 'a' } },
      { l: { 'kubevirt.io/vm': 'b' } },
      ['l[kubevirt.io/vm]'],
    ],
    ['items by place', { a: [1, 2] }, { a: [1, 3, 4] }, ['a[1]', 'a[2]']],
    [
      'items by name',
      { disks: [{ name: 'root', bus: 'sata' }, { name: 'old' }] },
      { disks: [{ name: 'new' }, { name: 'root', bus: 'virtio' }] },
      ['disks[root].bus', 'disks[old]', 'disks[new]'],
    ],
    [
      'order of named items',
      { d: [{ name: 'a' }, { name: 'b' }] },
      { d: [{ name: 'b' }, { name: 'a' }] },
      ['d'],
    ],
    ['equal names', { d: [{ name: 'a' }, { name: 'a' }] }, { d: [{ name: 'a' }] }, ['d[1]']],
    ['prototype names', {}, { constructor: 1 }, ['constructor']],
  ] as const)('of %s', ([, before, after, expected]) => {
    expect(changedFields(before as JsonObject, after as JsonObject)).toEqual(expected);
  });

  test('are none between equal values and some between others', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(changedFields(before, structuredClone(before))).toEqual([]);
        const same = sorted(before) === sorted(after);
        expect(changedFields(before, after).length === 0).toBe(same);
      }),
      { numRuns: 100 },
    );
  });
});

/** JSON with the keys in order, and -0 as 0. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
