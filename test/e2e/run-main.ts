/** The real program as a child process: what a user types, and what comes back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { World } from './daemon-harness.ts';

export const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const DEADLINE_MS = 30_000;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to its end; killed when it takes too long. */
export function runMain(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Ran>();
  const child = spawn(process.execPath, [MAIN, ...args], {
    // biome-ignore lint/style/noProcessEnv: a child needs PATH
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  child.on('error', reject);
  child.on('close', (code) => done({ code, ...output }));
  return promise;
}

/** A client of this world's daemon. */
export function cli(world: World, ...args: readonly string[]): Promise<Ran> {
  return runMain(args, { SOLOVIRT_SOCKET: world.socket });
}

/** A client that goes on until it is told to stop. */
export class Follower implements AsyncDisposable {
  stdout = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  #wake: () => void = () => {};

  constructor(world: World, ...args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...args, '--socket', world.socket], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.#closed = new Promise((done) => child.on('close', (code) => done(code)));
  }

  async until(text: string): Promise<void> {
    for (const deadline = Date.now() + DEADLINE_MS; !this.stdout.includes(text); ) {
      if (Date.now() > deadline) throw new Error(`not in time: ${text}; so far: ${this.stdout}`);
      const { promise, resolve: woken } = Promise.withResolvers<void>();
      this.#wake = woken;
      const timer = setTimeout(woken, deadline - Date.now());
      await promise;
      clearTimeout(timer);
    }
  }

  /** Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}
