/**
 * The line to the program `parents`, which forks QEMU's parents: a fork of the daemon would hold up everybody whom it
 * serves. The program is started with the first order, ends with this process, and is replaced when it ends before;
 * what it had been given and did not take up is given to the next one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { InstancePaths } from '../core/paths.ts';
import { programFile } from './program-files.ts';

/** All that QEMU gets to see of an environment: English messages, nothing of systemd's or the user's. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/** Longer than any name that a parent takes on. */
const PADDING = 'x'.repeat(128);
/** A program that ends again and again is broken. */
const MOST_ATTEMPTS = 3;

export interface Order {
  readonly paths: InstancePaths;
  /** A program with its arguments, which hold no NUL. */
  readonly command: readonly string[];
  /** Told the parent's pid, its first sign of life. */
  readonly onParent: (pid: number) => void;
  /** Withdraws the order, unless a parent has taken it up. */
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly order: Order;
  attempts: number;
  /** A parent has taken it up. */
  taken: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Parents {
  readonly #program: string;
  readonly #waiting = new Map<string, Waiting>();
  #child: ChildProcess | undefined;
  #lastId = 0;

  /** @param program path of `parents`, or what a test puts in its place */
  constructor(program = programFile('parents')) {
    this.#program = program;
  }

  /**
   * Resolves just before QEMU is executed; its identity has been written by then.
   * @throws Error why the parent did not get so far, in words; the signal's reason
   */
  async start(order: Order): Promise<void> {
    const { signal } = order;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#lastId += 1;
    const id = String(this.#lastId);
    const waiting = { order, attempts: 0, taken: false, resolve, reject };
    const giveUp = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp);
    this.#waiting.set(id, waiting);
    this.#give(id);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#waiting.delete(id);
      // A program that is stuck would come to it later. The other orders are given again.
      if (signal.aborted && !waiting.taken) this.#child?.kill('SIGKILL');
    }
  }

  #give(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    waiting.attempts += 1;
    const { paths, command } = waiting.order;
    const words = [id, paths.dir, ...command].map((word) => `${word}\0`).join('');
    const bytes = Buffer.from(words);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(bytes.length);
    this.#orders().write(Buffer.concat([head, bytes]));
  }

  #orders(): Writable {
    const { stdin } = this.#child ?? this.#begin();
    if (stdin === null) throw new Error('the program was started without a pipe');
    return stdin;
  }

  #begin(): ChildProcess {
    const child = spawn(this.#program, [programFile('confine'), PADDING], {
      // An interrupt from a terminal is for the daemon.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: ENVIRONMENT,
      cwd: '/',
    });
    this.#child = child;
    const ended = (words: string): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#giveAgain(words);
    };
    child.once('error', ({ message }) => ended(message));
    child.once('exit', (code, signal) => ended(`it ended (${signal ?? `exit code ${code}`})`));
    // What could not be written is given again.
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    for (const handle of [child, child.stdin, child.stdout]) unref(handle);
    return child;
  }

  /** A parent that has taken an order up goes on without the program. */
  #giveAgain(words: string): void {
    for (const [id, waiting] of [...this.#waiting]) {
      if (waiting.taken) continue;
      if (waiting.attempts < MOST_ATTEMPTS) this.#give(id);
      else waiting.reject(new Error(`${this.#program}: ${words}`));
    }
  }

  #take(line: string): void {
    const [, id = '', word, rest = ''] = /^(\d+) (\w+) ?(.*)$/.exec(line) ?? [];
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    waiting.taken = true;
    if (word === 'parent') waiting.order.onParent(Number(rest));
    else if (word === 'ready') waiting.resolve();
    else waiting.reject(new Error(rest));
  }
}

/** It must not keep this process from ending. A pipe of a child is a socket, though its type does not tell. */
function unref(handle: object): void {
  (handle as { unref?: () => void }).unref?.();
}
