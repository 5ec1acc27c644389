import { expect, test } from 'vitest';
import { guestText } from '../../../../src/core/agent/guest-text.ts';

test.for<[string, unknown, string | undefined]>([
  ['plain text', 'Debian GNU/Linux 13', 'Debian GNU/Linux 13'],
  ['letters of other scripts', 'Дебиан 日本', 'Дебиан 日本'],
  ['escape sequences', '\x1b[2J\x1b]0;title\x07evil\x1b[31m', 'evil'],
  ['C1 controls', 'a\x9b31mb\x85c', 'abc'],
  ['lines and blanks', ' a\r\n\tb  c ', 'a b c'],
  ['text that turns round', 'a\u202egpj.exe\u2066', 'agpj.exe'],
  ['text of no width', 'a\u200bb\ufeffc', 'abc'],
  ['half a character', 'a\ud83d', 'a\ufffd'],
  ['nothing', '', undefined],
  ['nothing visible', '\x1b[2J \u200b', undefined],
  ['a number', 7, undefined],
  ['an object', { a: 1 }, undefined],
])('%s', ([, given, shown]) => {
  expect(guestText(given)).toBe(shown);
});

test('long text is cut between characters and says so', () => {
  expect(guestText('x'.repeat(300), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(guestText('😀'.repeat(300), 3)).toBe('😀😀…');
  expect(guestText('x'.repeat(10), 10)).toBe('x'.repeat(10));
});
