import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { rawTerminal } from '../../../src/cli/raw-terminal.ts';

const ON = '\u001b[?1049h';
const OFF = '\u001b[?1049l';

/** What is written to the terminal when it is given back. */
function givenBack(...shown: readonly string[]): string {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const ends = { input, output, self: [], onHangup: () => () => {} };
  const terminal = rawTerminal(ends);
  for (const text of shown) terminal.note(Buffer.from(text));
  terminal[Symbol.dispose]();
  return String(output.read());
}

test.each([
  ['in one piece', [`before${ON}after`], true],
  ['in every single byte', [...`before${ON}after`], true],
  ['left again', [ON, OFF], false],
  ['left and entered', [`${ON}${OFF}${ON}`], true],
  ['never', ['text'], false],
])('the full screen of the guest, %s', (_, shown, isLeft) => {
  expect(givenBack(...shown).startsWith(OFF)).toBe(isLeft);
});
