import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diskKind, HEAD_BYTES } from '../../../../src/core/images/disk-format.ts';

/** A file that has these letters, one byte each, at this place. */
function file(letters: string, at = 0): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  for (const [index, letter] of [...letters].entries()) bytes[at + index] = letter.charCodeAt(0);
  return bytes;
}

test.for([
  ['QFI\xfb\0\0\0\x02', 0, 'qcow2'],
  ['QFI\xfb\0\0\0\x03', 0, 'qcow2'],
  ['CD001', 32_769, 'iso'],
  ['\x55\xaa', 510, 'img'],
  ['', 0, 'img'],
] as const)('%j at %i is a disk: %s', ([letters, at, ending]) => {
  expect(diskKind(file(letters, at), 1_000_000)).toEqual({ ok: true, ending });
});

test.for([
  ['QFI\xfb\0\0\0\x01', 0, 'a qcow disk of version 1'],
  ['KDMV', 0, 'a VMDK disk'],
  ['vhdxfile', 0, 'a VHDX disk'],
  ['\x7f\x10\xda\xbe', 64, 'a VDI disk'],
  ['\x1f\x8b', 0, 'compressed with gzip'],
  ['\xfd7zXZ\0', 0, 'compressed with xz'],
  ['\x28\xb5\x2f\xfd', 0, 'compressed with zstd'],
  ['ustar', 257, 'a tar archive'],
  ['<!DOCTYPE html>', 0, 'a web page'],
] as const)('%j at %i is none: %s', ([letters, at, what]) => {
  expect(diskKind(file(letters, at), 1_000_000)).toEqual({ ok: false, what });
});

test('less than a sector is none', () => {
  expect(diskKind(new Uint8Array(), 0)).toEqual({ ok: false, what: 'empty' });
  expect(diskKind(new Uint8Array(511), 511)).toEqual({ ok: false, what: 'only 511 bytes long' });
  expect(diskKind(new Uint8Array(512), 512)).toEqual({ ok: true, ending: 'img' });
});

test('whatever the bytes are, there is an answer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (tail) => {
      for (const start of ['', 'QFI\xfb']) {
        const head = Uint8Array.from([
          ...[...start].map((letter) => letter.charCodeAt(0)),
          ...tail,
        ]);
        expect(typeof diskKind(head, head.length).ok).toBe('boolean');
      }
    }),
  );
});
