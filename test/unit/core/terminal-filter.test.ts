import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTerminalFilter, plainText, singleLine } from '../../../src/core/terminal-filter.ts';

const ESC = '\u001b';

test.for([
  ['text, tabs and line ends', 'a\tb\r\n', 'a\tb\r\n'],
  ['colours', `${ESC}[1;31mred${ESC}[0m`, `${ESC}[1;31mred${ESC}[0m`],
  ['cursor movement and clearing', `${ESC}[2J${ESC}[Hx`, 'x'],
  ['full reset', `${ESC}cx`, 'x'],
  ['character sets', `${ESC}(0x`, 'x'],
  ['a title ended by BEL', `${ESC}]0;evil\u0007x`, 'x'],
  ['a title ended by ST', `${ESC}]0;evil${ESC}\\x`, 'x'],
  ['a device control string', `${ESC}P1$r0m${ESC}\\x`, 'x'],
  ['8-bit control sequences', '\u009b2Jx\u009d0;evil\u009cy', 'xy'],
  ['changes of reading direction', 'a\u202eb\u2066c\u2069', 'abc'],
  ['bells, backspaces and NUL', 'a\u0007\b\u0000b', 'ab'],
  ['a private mode that ends in m', `${ESC}[${'1'.repeat(99)}mx`, 'x'],
] as const)('on a terminal: %s', ([, input, output]) => {
  expect(createTerminalFilter({ colours: true })(input)).toBe(output);
});

test('an unfinished string sequence swallows no more than its line', () => {
  expect(plainText(`${ESC}]0;never ended\nnext`)).toBe('\nnext');
});

test('plain text keeps no colours and no carriage returns', () => {
  expect(plainText(`${ESC}[31mred${ESC}[0m\r\n`)).toBe('red\n');
  expect(singleLine(' a\r\n  b\t')).toBe('a b');
});

const noise = fc.string({
  unit: fc.constantFrom(ESC, '[', ']', 'm', '3', ';', '\\', '\n', 'a', '\u0007', '\u009b'),
});

test('where the chunks are cut makes no difference', () => {
  fc.assert(
    fc.property(noise, fc.nat(), (text, cut) => {
      const at = cut % (text.length + 1);
      const filter = createTerminalFilter({ colours: true });
      const whole = createTerminalFilter({ colours: true })(text);
      expect(filter(text.slice(0, at)) + filter(text.slice(at))).toBe(whole);
    }),
  );
});

test('nothing but colours is left of any escape sequence', () => {
  fc.assert(
    fc.property(noise, (text) => {
      const kept = createTerminalFilter({ colours: true })(text);
      const withoutColours = kept
        .split(ESC)
        .map((part, i) => (i === 0 ? part : part.replace(/^\[[ -?]*m/, '')));
      expect(withoutColours.join('')).toBe(plainText(text));
    }),
  );
});
