/**
 * A service manager for tests: real Unix datagram and listening sockets, which Node cannot make itself, in perl.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = join(import.meta.dirname, 'service-manager.pl');
const DEADLINE_MS = 20_000;

/** Lines of a child's output, to wait for. */
export class Lines {
  readonly all: string[] = [];
  #closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    if (child.stdout === null) throw new Error('no output to read');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.all.push(line);
      this.#wake();
    });
    child.once('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves with what `find` gives, as soon as it gives something. */
  async until<T>(what: string, find: (lines: readonly string[]) => T | undefined): Promise<T> {
    for (const deadline = Date.now() + DEADLINE_MS; ; ) {
      const found = find(this.all);
      if (found !== undefined) return found;
      if (this.#closed) throw new Error(`it ended before ${what}; ${this.all.join('\n')}`);
      if (Date.now() > deadline) throw new Error(`not in time: ${what}; ${this.all.join('\n')}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      const timer = setTimeout(resolve, deadline - Date.now() + 1);
      await promise;
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
  }
}

/** Receives datagrams at a path. */
export class Receiver implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: Lines;
  readonly #closed: Promise<void>;

  private constructor(path: string) {
    this.child = spawn('perl', [SCRIPT, 'receive', path], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#lines = new Lines(this.child);
    this.#closed = new Promise((resolve) => this.child.once('close', () => resolve()));
  }

  static async at(path: string): Promise<Receiver> {
    const receiver = new Receiver(path);
    await receiver.#lines.until('the receiver listens', (lines) => lines[0]);
    return receiver;
  }

  /** In order. */
  get datagrams(): readonly Buffer[] {
    return this.#lines.all.slice(1).map((hex) => Buffer.from(hex, 'hex'));
  }

  get texts(): readonly string[] {
    return this.datagrams.map((bytes) => bytes.toString('utf8'));
  }

  /** Resolves with all texts so far once one of them matches. */
  until(what: string, matches: (text: string) => boolean): Promise<readonly string[]> {
    return this.#lines.until(what, () => (this.texts.some(matches) ? this.texts : undefined));
  }

  /** The socket's other end is closed for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }
}

export interface Handed {
  readonly notify?: string;
  readonly journal?: string;
  /** As most programs get them: a full queue then is an error instead of a wait. */
  readonly nonblock?: boolean;
  /** `KIND:PATH` */
  readonly listen?: readonly string[];
}

/** The command line that starts `command` as a service manager would. */
export function asService(handed: Handed, command: readonly string[]): readonly string[] {
  return ['perl', SCRIPT, 'run', ...options(handed), '--', ...command];
}

/** Keeps listening sockets and starts `command` on them once for each line of its standard input. */
export function asActivated(handed: Handed, command: readonly string[]): readonly string[] {
  return ['perl', SCRIPT, 'run', 'serve=1', ...options(handed), '--', ...command];
}

function options({ notify, journal, nonblock, listen = [] }: Handed): readonly string[] {
  return [
    ...(notify === undefined ? [] : [`notify=${notify}`]),
    ...(journal === undefined ? [] : [`journal=${journal}`]),
    ...(nonblock === true ? ['nonblock=1'] : []),
    ...listen.map((one) => `listen=${one}`),
  ];
}

/** Fields of a datagram in the journal's native protocol. */
export function decodeEntry(datagram: Uint8Array): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(datagram);
  const fields: [string, string][] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    const line = bytes.subarray(at, end);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      fields.push([line.toString('utf8', 0, equals), line.toString('utf8', equals + 1)]);
      at = end + 1;
      continue;
    }
    const length = Number(bytes.readBigUInt64LE(end + 1));
    const from = end + 9;
    fields.push([line.toString('utf8'), bytes.toString('utf8', from, from + length)]);
    if (bytes[from + length] !== 0x0a) throw new Error('a field does not end with a newline');
    at = from + length + 1;
  }
  return fields;
}
