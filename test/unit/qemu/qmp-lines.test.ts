import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QmpProtocolError } from '../../../src/qemu/qmp-error.ts';
import { lineSplitter } from '../../../src/qemu/qmp-lines.ts';

const lineText = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .map((text) => text.replace(/\s/gu, '').trim())
  .filter((text) => text !== '');

test('lines come out whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(lineText, { maxLength: 20 }),
      fc.array(fc.nat({ max: 400 }), { maxLength: 30 }),
      fc.constantFrom('\n', '\r\n'),
      (lines, cuts, ending) => {
        const bytes = Buffer.from(lines.map((line) => line + ending).join(''));
        const split = lineSplitter();
        const places = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort(
          (a, b) => a - b,
        );
        let start = 0;
        const got = places.flatMap((end) => {
          const part = split(bytes.subarray(start, end));
          start = end;
          return part;
        });
        expect(got).toEqual(lines);
      },
    ),
  );
});

test('an unfinished line is kept back until its newline comes', () => {
  const split = lineSplitter();
  expect(split(Buffer.from('{"a":'))).toEqual([]);
  expect(split(Buffer.from('1}\n\n{"b"'))).toEqual(['{"a":1}']);
  expect(split(Buffer.from(':2}\n'))).toEqual(['{"b":2}']);
});

test('a line may be as long as the bound and not longer, in one chunk or in many', () => {
  expect(lineSplitter(8)(Buffer.from('12345678\n12345678\n'))).toEqual(['12345678', '12345678']);
  expect(() => lineSplitter(8)(Buffer.from('123456789\n'))).toThrow(QmpProtocolError);
  const split = lineSplitter(8);
  split(Buffer.from('12345678'));
  expect(() => split(Buffer.from('9'))).toThrow(QmpProtocolError);
});
