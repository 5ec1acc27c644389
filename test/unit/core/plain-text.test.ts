import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeControls, stripTerminalCodes } from '../../../src/core/plain-text.ts';

const ESC = '\u001b';

test.for([
  ['colours', `${ESC}[1;31mred${ESC}[0m`, 'red'],
  ['cursor movements', `${ESC}[2J${ESC}[01;01H${ESC}[=3hSeaBIOS`, 'SeaBIOS'],
  ['a window title', `${ESC}]0;rm -rf /\u0007$ `, '$ '],
  ['a title with the long terminator', `${ESC}]0;x${ESC}\\y`, 'y'],
  ['a device control string', `${ESC}Pq#0~${ESC}\\z`, 'z'],
  ['a character set switch', `${ESC}(0lqk${ESC}(B`, 'lqk'],
  ['an 8-bit sequence', '\u009b31mred', 'red'],
  ['line ends of a serial line', 'a\r\nb\r\r\nc\rd', 'a\nb\nc\nd'],
  ['bells and NULs', 'a\u0007b\0c', 'abc'],
  ['tabs and letters of the world', '\tgrüß 你好', '\tgrüß 你好'],
  ['a sequence cut off at the end', `end${ESC}[3`, 'end'],
  ['a lone escape', `end${ESC}`, 'end'],
] as const)('the console loses %s', ([, text, expected]) => {
  expect(stripTerminalCodes(text)).toBe(expected);
});

test('control characters of stderr are written out and everything else stays', () => {
  expect(escapeControls(`2026-01-01T00:00:00Z qemu: a${ESC}[2Jb\u0085\tc\r\nd\n`)).toBe(
    '2026-01-01T00:00:00Z qemu: a\\x1b[2Jb\\x85\tc\nd\n',
  );
});

test('no control character but newline and tab survives either way', () => {
  const nasty = fc.string({
    unit: fc.constantFrom(...`${ESC}[]P?0;m\\a \u009b\u0085\u0007\0\r\n\té`),
    maxLength: 12,
  });
  fc.assert(
    fc.property(nasty, (text) => {
      for (const clean of [stripTerminalCodes(text), escapeControls(text)])
        expect(
          [...clean].filter((char) => /\p{Cc}/u.test(char) && char !== '\n' && char !== '\t'),
        ).toEqual([]);
    }),
  );
});
