import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isHidden, readLayerName } from '../../../../src/core/images/layer-names.ts';

test.for([
  ['disk/a.img', { kind: 'path', path: 'disk/a.img' }],
  ['./disk//a.img', { kind: 'path', path: 'disk/a.img' }],
  ['/disk/', { kind: 'path', path: 'disk' }],
  ['./', { kind: 'path', path: '' }],
  ['a/.wh.b', { kind: 'whiteout', path: 'a/b' }],
  ['.wh.b', { kind: 'whiteout', path: 'b' }],
  ['a/.wh..wh..opq', { kind: 'opaque', path: 'a' }],
  ['a/../b', { kind: 'escape' }],
  ['..', { kind: 'escape' }],
  ['a..b', { kind: 'path', path: 'a..b' }],
] as const)('%s', ([name, expected]) => {
  expect(readLayerName(name)).toEqual(expected);
});

test.for([
  ['a/b', 'a/.wh.b', true],
  ['a/b/c', 'a/.wh.b', true],
  ['a/bc', 'a/.wh.b', false],
  ['a/b', 'a/.wh..wh..opq', true],
  ['a', 'a/.wh..wh..opq', false],
  ['ab/c', 'a/.wh..wh..opq', false],
  ['a/b', '.wh..wh..opq', true],
  ['a/b', 'a/b', false],
] as const)('%s below %s is hidden: %s', ([path, mark, hidden]) => {
  expect(isHidden(path, [readLayerName(mark)])).toBe(hidden);
});

test('no name becomes a path that leads out', () => {
  const part = fc.constantFrom('..', '.', '', 'a', '.wh.a', '.wh...', '.wh..wh..opq', '...');
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const name = readLayerName(parts.join('/'));
      if (name.kind !== 'path') return;
      expect(name.path.startsWith('/')).toBe(false);
      expect(name.path.split('/')).not.toContain('..');
    }),
  );
});
