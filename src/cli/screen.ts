/**
 * The terminal as a thing to draw on and to type at. Its own screen, so that what was there before comes back; raw keys; and
 * all of it undone whatever happens.
 */
import type { ReadStream, WriteStream } from 'node:tty';

export interface Screen {
  /** How many lines it has at this moment. */
  readonly rows: () => number;
  /** @returns how to stop listening */
  readonly onResize: (listener: () => void) => () => void;
  /** What is typed, unechoed, Ctrl-C included. @returns how to stop listening, which gives the terminal back */
  readonly onKey: (listener: (key: string) => void) => () => void;
}

const DEFAULT_ROWS = 24;

/** Undefined when one of them is no terminal. */
export function terminalScreen(
  input: Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>,
  output: Pick<WriteStream, 'isTTY' | 'rows' | 'on' | 'off'>,
): Screen | undefined {
  if (!input.isTTY || !output.isTTY) return undefined;
  return {
    rows: () => output.rows || DEFAULT_ROWS,
    onResize: (listener) => {
      output.on('resize', listener);
      return () => output.off('resize', listener);
    },
    onKey: (listener) => {
      const take = (chunk: Buffer): void => {
        for (const key of chunk.toString('utf8')) listener(key);
      };
      input.setRawMode(true);
      input.on('data', take);
      input.resume();
      return () => {
        input.off('data', take);
        input.setRawMode(false);
        input.pause();
      };
    },
  };
}
