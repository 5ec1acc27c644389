/**
 * What the command line is handed instead of reaching for it: environment, streams, clock, Ctrl-C.
 * Nothing below `cli/` reads `process`, so that a test runs any command without a child process.
 */
import type { Readable, Writable } from 'node:stream';
import type { ClientSettings } from '../client/settings.ts';
import type { SocketUser } from '../client/socket-path.ts';
import type { Screen } from './screen.ts';

export interface Writer {
  /** Returns false when the reader is slower than the writer: wait for `drain` then. */
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** `signal` is aborted by Ctrl-C. */
export interface CliContext extends ClientSettings, SocketUser {
  readonly version: string;
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** Called only by `validate -`. */
  readonly stdin: () => AsyncIterable<string | Uint8Array>;
  /** Whether stdout is a terminal. */
  readonly isTTY: boolean;
  /** How wide it is at this moment; undefined when stdout is none. */
  readonly columns?: () => number | undefined;
  /** To draw on and to type at; absent when stdin or stdout is no terminal. */
  readonly screen?: Screen | undefined;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** For the verbs that take over the terminal or start a program in their place; others leave it alone. */
  readonly ends?: () => ProcessEnds;
}

/** The process's own ends, and itself as a command. */
export interface ProcessEnds {
  readonly input: Readable & {
    readonly isTTY?: boolean;
    setRawMode?(raw: boolean): unknown;
  };
  readonly output: Writable & { readonly isTTY?: boolean };
  /** Interpreter and script, to start this very program again. */
  readonly self: readonly string[];
  /** The terminal goes away. @returns how to stop listening */
  onHangup(listener: () => void): () => void;
}

/** Writes to stdout and waits while its reader is behind; Ctrl-C ends the wait. */
export async function writeOut(context: CliContext, text: string): Promise<void> {
  if (context.stdout.write(text) || context.signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      context.signal.removeEventListener('abort', done);
      resolve();
    };
    context.signal.addEventListener('abort', done, { once: true });
    context.stdout.once('drain', done);
  });
}
