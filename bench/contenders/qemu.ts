/** QEMU alone: the line that solovirt built, spawned by hand. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';

/** What one instance of solovirt was started with. */
export interface Line {
  readonly argv: readonly string[];
  /** Directories of that instance, which no other QEMU may use. */
  readonly stateDir: string;
  readonly runtimeDir: string;
  /** Copies of the files that solovirt made for it. */
  readonly made: readonly string[];
}

/** A QEMU of one's own. */
export class RawQemu implements AsyncDisposable {
  readonly dir: string;
  readonly child: ChildProcess;
  readonly #gone: Promise<void>;

  /** Copies the files that solovirt makes anew for each start, and spawns QEMU; its CPUs run as soon as it is ready. */
  constructor(line: Line) {
    this.dir = mkdtempSync(join(tmpdir(), 'solovirt-bench-'));
    const [qemu = '', ...args] = moved(line, this.dir);
    copyMade(line, this.dir);
    this.child = spawn(qemu, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#gone = new Promise((resolve) => this.child.once('exit', () => resolve()));
  }

  get monitor(): string {
    return join(this.dir, 'qmp');
  }

  /** Until its monitor says that the CPUs run. */
  async running(): Promise<void> {
    await ask(this.monitor, 'query-status', /"status": ?"running"/);
  }

  async quit(): Promise<void> {
    void ask(this.monitor, 'quit', /"return"/).catch(() => {});
    await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#gone;
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function copyMade({ made }: Line, dir: string): void {
  for (const file of made) copyFileSync(file, join(dir, basename(file)));
}

/** The same line with files of its own, and not stopped at the start. */
export function moved({ argv, stateDir, runtimeDir }: Line, dir: string): readonly string[] {
  return argv
    .filter((arg) => arg !== '-S')
    .map((arg) => arg.replaceAll(stateDir, dir).replaceAll(runtimeDir, dir));
}

/** Asks again until the answer matches. */
export async function ask(path: string, command: string, wanted: RegExp): Promise<void> {
  const monitor = await dial(path);
  try {
    const lines = createInterface({ input: monitor });
    const say = (execute: string): void => void monitor.write(`${JSON.stringify({ execute })}\n`);
    let ready = false;
    for await (const line of lines) {
      if (line.includes('"QMP"')) say('qmp_capabilities');
      else if (!ready && line.includes('"return"')) {
        ready = true;
        say(command);
      } else if (wanted.test(line)) return;
      else if (line.includes('"status"')) say(command);
    }
    throw new Error(`${path} was closed before it answered ${command}`);
  } finally {
    monitor.destroy();
  }
}

async function dial(path: string): Promise<Socket> {
  const giveUp = performance.now() + 120_000;
  for (;;) {
    const socket = connect(path);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    if (await promise) return socket.on('error', () => {});
    if (performance.now() > giveUp) throw new Error(`nobody listens at ${path}`);
    await new Promise((next) => setTimeout(next, 1));
  }
}
