/**
 * A terminal that hands every key on as it comes, and is given back as it was: also what a guest may have switched on in it
 * and left on. What is no terminal is left alone.
 */
import type { ProcessEnds } from './context.ts';

export interface RawTerminal extends Disposable {
  /** Keys come as they are pressed. */
  readonly raw: boolean;
  /** To be told of all that is shown. */
  note(bytes: Buffer): void;
}

const ESC = '\u001b';
/** The alternate screen of full-screen programs (xterm, DECSET 1049). */
const SCREEN_ON = `${ESC}[?1049h`;
const SCREEN_OFF = `${ESC}[?1049l`;
/** Cursor shown, plain text, no mouse reports, no bracketed paste, plain keypad (ECMA-48, xterm's control sequences). */
const AS_IT_WAS = ['?25h', '0m', '?1000l', '?1002l', '?1003l', '?1006l', '?2004l']
  .map((sequence) => `${ESC}[${sequence}`)
  .concat(`${ESC}>`)
  .join('');

export function rawTerminal({ input, output }: ProcessEnds): RawTerminal {
  const raw = input.isTTY === true && input.setRawMode !== undefined;
  let otherScreen = false;
  /** The end of what was shown: a sequence may come in parts. */
  let rest = '';
  if (raw) input.setRawMode?.(true);
  return {
    raw,
    note(bytes) {
      const text = rest + bytes.toString('latin1');
      rest = text.slice(1 - SCREEN_ON.length);
      const [on, off] = [text.lastIndexOf(SCREEN_ON), text.lastIndexOf(SCREEN_OFF)];
      if (on !== off) otherScreen = on > off;
    },
    [Symbol.dispose]() {
      if (!raw) return;
      input.setRawMode?.(false);
      if (output.isTTY === true) output.write(`${otherScreen ? SCREEN_OFF : ''}${AS_IT_WAS}`);
    },
  };
}
