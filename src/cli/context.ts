/**
 * What the command line is handed instead of reaching for it: environment, streams, clock, Ctrl-C.
 * Nothing below `cli/` reads `process`, so that a test runs any command without a child process.
 */

export interface Writer {
  /** Returns false when the reader is slower than the writer: wait for `drain` then. */
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** How long the client waits for what. */
export interface ClientLimits {
  /** For one whole exchange, or for the head of the answer when the body is a stream. Milliseconds. */
  readonly requestMs: number;
  /** Pause before a watch that ended is opened anew. Milliseconds. */
  readonly reconnectMs: number;
}

export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the effective user is root: decides, with `home`, where the socket is looked for. */
  readonly isRoot: boolean;
  /** The user's home directory. */
  readonly home: string;
  readonly version: string;
  readonly stdout: Writer;
  readonly stderr: Writer;
  /** Called only by `validate -`. */
  readonly stdin: () => AsyncIterable<string | Uint8Array>;
  /** Whether stdout is a terminal. */
  readonly isTTY: boolean;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Defaults: 10 s and 1 s. */
  readonly limits?: Partial<ClientLimits>;
}

export const DEFAULT_LIMITS: ClientLimits = { requestMs: 10_000, reconnectMs: 1_000 };

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
