import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../../src/core/model/json.ts';
import { jsonPatch } from '../../../../src/core/patch/json-patch.ts';
import { mergePatch } from '../../../../src/core/patch/merge-patch.ts';
import { PatchError } from '../../../../src/core/patch/patch-error.ts';

const TARGET: JsonObject = { a: { b: [1, 2, 3], 'c/d': 'x', 'e~f': null }, g: 'h' };

describe('a JSON patch', () => {
  test.each<[string, readonly object[], Json]>([
    ['adds a field', [{ op: 'add', path: '/i', value: 1 }], { ...TARGET, i: 1 }],
    ['adds over a field', [{ op: 'add', path: '/g', value: 1 }], { ...TARGET, g: 1 }],
    [
      'inserts an item',
      [{ op: 'add', path: '/a/b/1', value: 9 }],
      { ...TARGET, a: { b: [1, 9, 2, 3], 'c/d': 'x', 'e~f': null } },
    ],
    [
      'appends an item',
      [{ op: 'add', path: '/a/b/-', value: 9 }],
      { ...TARGET, a: { b: [1, 2, 3, 9], 'c/d': 'x', 'e~f': null } },
    ],
    [
      'removes an item',
      [{ op: 'remove', path: '/a/b/0' }],
      { ...TARGET, a: { b: [2, 3], 'c/d': 'x', 'e~f': null } },
    ],
    ['removes a field', [{ op: 'remove', path: '/a' }], { g: 'h' }],
    [
      'replaces by escaped names',
      [
        { op: 'replace', path: '/a/c~1d', value: 'y' },
        { op: 'replace', path: '/a/e~0f', value: 'z' },
      ],
      { ...TARGET, a: { b: [1, 2, 3], 'c/d': 'y', 'e~f': 'z' } },
    ],
    [
      'moves',
      [{ op: 'move', from: '/a/b/0', path: '/g' }],
      { a: { b: [2, 3], 'c/d': 'x', 'e~f': null }, g: 1 },
    ],
    [
      'copies',
      [{ op: 'copy', from: '/g', path: '/a/b' }],
      { ...TARGET, a: { b: 'h', 'c/d': 'x', 'e~f': null } },
    ],
    [
      'tests',
      [
        { op: 'test', path: '/a/b', value: [1, 2, 3] },
        { op: 'test', path: '/a/e~0f', value: null },
      ],
      TARGET,
    ],
    ['replaces all', [{ op: 'replace', path: '', value: 1 }], 1],
    [
      'takes __proto__ for a name',
      [
        { op: 'add', path: '/__proto__', value: { x: 1 } },
        { op: 'test', path: '/__proto__/x', value: 1 },
        { op: 'remove', path: '/__proto__' },
      ],
      TARGET,
    ],
  ])('%s', (_, patch, expected) => {
    const before = structuredClone(TARGET);
    expect(jsonPatch(TARGET, patch)).toEqual(expected);
    expect(TARGET).toEqual(before);
  });

  test.each<[string, unknown, PatchError['kind'], string]>([
    ['is a list', {}, 'malformed', 'list of operations'],
    ['has objects', [1], 'malformed', 'operation 1'],
    ['has known operations', [{ op: 'merge', path: '' }], 'malformed', 'op must be one of'],
    ['has pointers', [{ op: 'remove', path: 'a' }], 'malformed', 'JSON pointer'],
    ['has good escapes', [{ op: 'remove', path: '/~2' }], 'malformed', 'JSON pointer'],
    ['has values', [{ op: 'add', path: '/x' }], 'malformed', 'needs a value'],
    [
      'is not endless',
      Array(10_001).fill({ op: 'test', path: '', value: 1 }),
      'malformed',
      '10000',
    ],
    ['finds what it removes', [{ op: 'remove', path: '/x' }], 'failed', 'missing path: "/x"'],
    [
      'finds what it replaces',
      [{ op: 'replace', path: '/a/b/3', value: 1 }],
      'failed',
      'missing path',
    ],
    ['finds what it adds to', [{ op: 'add', path: '/x/y', value: 1 }], 'failed', 'missing path'],
    ['leaves no holes', [{ op: 'add', path: '/a/b/5', value: 1 }], 'failed', 'missing path'],
    [
      'has true tests',
      [{ op: 'test', path: '/g', value: 'i' }],
      'failed',
      'testing value /g failed',
    ],
    [
      'moves nothing into itself',
      [{ op: 'move', from: '/a', path: '/a/b' }],
      'failed',
      'into itself',
    ],
    [
      'keeps its hands off prototypes',
      [{ op: 'remove', path: '/constructor' }],
      'failed',
      'missing path',
    ],
  ])('%s, or is refused', (_, patch, kind, words) => {
    const apply = (): unknown => jsonPatch(TARGET, patch);
    expect(apply).toThrow(PatchError);
    expect(apply).toThrow(words);
    expect(apply).toThrow(expect.objectContaining({ kind }));
  });

  test('cannot make a small object huge by copying', () => {
    const twice = [
      { op: 'copy', from: '', path: '/x' },
      { op: 'copy', from: '', path: '/y' },
    ];
    expect(() => jsonPatch({ a: 1 }, Array(40).fill(twice).flat())).toThrow('too large');
  });
});

test('a long patch of a large object does not copy it for every operation', () => {
  const large = Object.fromEntries(Array.from({ length: 15_000 }, (_, index) => [`a${index}`, 1]));
  const adds = Array.from({ length: 10_000 }, (_, index) => ({
    op: 'add',
    path: `/x/b${index}`,
    value: index,
  }));
  const patched = jsonPatch({ x: large }, adds) as { readonly x: JsonObject };
  expect(Object.keys(patched.x).length).toBe(25_000);
});

describe('a merge patch', () => {
  /** RFC 7386, appendix A, as far as target and patch are objects. */
  test.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  test('of an object on itself changes nothing', () => {
    const values = [fc.integer(), fc.string()];
    const noNulls = fc.object({ values, maxDepth: 3 }) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(noNulls, (object) => {
        expect(mergePatch(object, object)).toEqual(object);
      }),
    );
  });
});
