import { expect, test } from 'vitest';
import { scrollback } from '../../../src/core/scrollback.ts';

test('a first line that may be a part of one is left out, a whole one is not', () => {
  expect(scrollback('art of one\r\nsecond\r\n', true)).toBe('second\r\n');
  expect(scrollback('first\r\nsecond', false)).toBe('first\r\nsecond');
});

test('what would move the cursor or make a terminal answer is gone, colours stay', () => {
  expect(scrollback('\u001b[2J\u001b[6n\u001b[1mbold\u001b[0m\u001b]0;title\u0007', false)).toBe(
    '\u001b[1mbold\u001b[0m',
  );
});
