/**
 * One QEMU under a test's own eyes, independent of solovirt's code: for tests of the guests themselves.
 * Its QMP events and its serial console are kept from the first to the last; disposing of it kills it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Event {
  readonly event: string;
  readonly data?: { readonly reason?: string; readonly guest?: boolean; readonly action?: string };
}

const DEADLINE_MS = 45_000;

const FLAGS = [
  ['-no-user-config', '-nodefaults', '-accel', 'tcg', '-display', 'none', '-monitor', 'none'],
  ['-S', '-action', 'reboot=shutdown,shutdown=poweroff,panic=exit-failure,watchdog=reset'],
  ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
].flat();

export class BareQemu implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly events: Event[] = [];
  console = '';
  private readonly dir: string;
  private readonly closed: Promise<unknown>;
  private over = false;
  private readonly changed = new EventEmitter();
  private qmp: Socket | undefined;

  private constructor(dir: string, args: readonly string[]) {
    this.dir = dir;
    const socket = `socket,id=qmp,path=${dir}/qmp,server=on,wait=off`;
    this.child = spawn(
      'qemu-system-x86_64',
      [...FLAGS, '-chardev', socket, '-mon', 'chardev=qmp,mode=control', ...args],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.changed.setMaxListeners(0);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.console += text;
      this.changed.emit('change');
    });
    this.closed = once(this.child, 'close');
  }

  /** Starts QEMU with the arguments added, and its guest once every event will be seen. */
  static async start(args: readonly string[]): Promise<BareQemu> {
    const qemu = new BareQemu(await mkdtemp(join(tmpdir(), 'solovirt-guest-')), args);
    try {
      await qemu.connect();
    } catch (error) {
      await qemu[Symbol.asyncDispose]();
      throw error;
    }
    qemu.send('cont');
    return qemu;
  }

  /** Waits until the console shows the text. */
  async shows(text: string): Promise<void> {
    await this.until(() => this.console.includes(text), `the console to show ${text}`);
  }

  /** Waits for QEMU's end: its exit code. */
  async ended(): Promise<number | null> {
    await this.until(() => this.over, 'QEMU to end');
    return this.child.exitCode;
  }

  /** Runs a QMP command; its reply is not waited for. */
  send(command: string, args: object = {}): void {
    this.qmp?.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
  }

  /** Processor time that QEMU has used, in seconds (proc(5), utime and stime of `stat`, 100 a second). */
  async cpuSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Waits until QEMU has used that much processor time: what a hanging guest does and a halted one does not. */
  async burns(seconds: number): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while ((await this.cpuSeconds()) < seconds) {
      if (Date.now() > deadline) throw new Error('QEMU is idle');
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  /** Names of the events, and the reason where there is one: `SHUTDOWN guest-shutdown`. */
  history(): string[] {
    return this.events.map(({ event, data }) => [event, data?.reason ?? ''].join(' ').trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
    this.qmp?.destroy();
    await rm(this.dir, { recursive: true, force: true });
  }

  private async connect(): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (this.qmp === undefined) {
      if (this.child.exitCode !== null) throw new Error('QEMU ended before it listened');
      if (Date.now() > deadline) throw new Error('QEMU did not listen in time');
      const socket = connect(join(this.dir, 'qmp'));
      this.qmp = await once(socket, 'connect').then(
        () => socket,
        async () => {
          await new Promise((next) => setTimeout(next, 10));
          return undefined;
        },
      );
    }
    this.follow(this.qmp);
    this.send('qmp_capabilities');
  }

  /** Keeps the events, and notes the end: QEMU gone, and all that it said read. */
  private follow(qmp: Socket): void {
    // A reset says no more than the end that follows it.
    qmp.on('error', () => undefined);
    const lines = createInterface({ input: qmp }).on('error', () => undefined);
    lines.on('line', (line) => {
      const message: unknown = JSON.parse(line);
      if (isEvent(message)) this.events.push(message);
      this.changed.emit('change');
    });
    const read = new Promise<void>((resolve) => {
      qmp.once('close', () => resolve());
    });
    Promise.all([this.closed, read]).then(
      () => {
        this.over = true;
        this.changed.emit('change');
      },
      () => undefined,
    );
  }

  private async until(reached: () => boolean, what: string): Promise<void> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    while (!reached()) {
      if (this.over) throw new Error(`QEMU ended while waiting for ${what}: ${this.console}`);
      try {
        await once(this.changed, 'change', { signal });
      } catch (cause) {
        const seen = `${this.history().join(', ')}\n${this.console}`;
        throw new Error(`waited in vain for ${what}; so far: ${seen}`, { cause });
      }
    }
  }
}

function isEvent(message: unknown): message is Event {
  return typeof message === 'object' && message !== null && 'event' in message;
}
