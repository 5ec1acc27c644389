/**
 * A whole Debian in QEMU for one file of tests: its own kernel, so that cgroup limits, the OOM killer and device
 * filters are real. Its disk is as it was made again at each boot (test/system-guest/build).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const CHECKOUT = resolve(import.meta.dirname, '../..');
const IMAGE = join(CHECKOUT, '.solovirt/guest');
/** Everything is emulated, by a host that may be busy. */
const DEADLINE_MS = 300_000;
const CONSOLE_BYTES = 4000;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Guest implements AsyncDisposable {
  readonly #dir: string;
  readonly #qemu: ChildProcess;
  #console = '';
  #socket: Socket | undefined;
  #lines: Interface | undefined;

  private constructor(dir: string, qemu: ChildProcess) {
    this.#dir = dir;
    this.#qemu = qemu;
    for (const stream of [qemu.stdout, qemu.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#console = `${this.#console}${text}`.slice(-CONSOLE_BYTES);
      });
  }

  /** With the files below `payload` in its root, owned by root. */
  static async booted(payload: string): Promise<Guest> {
    const dir = mkdtempSync(join(tmpdir(), 'solovirt-guest-'));
    const tar = join(dir, 'payload.tar');
    await execa('tar', ['--create', '--owner=0', '--group=0', '--file', tar, '-C', payload, '.']);
    const guest = new Guest(dir, startQemu(dir, tar));
    try {
      await guest.#connect();
      await guest.get('tar --extract --no-overwrite-dir --file /dev/vdb --directory /');
      return guest;
    } catch (error) {
      await guest[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** As root in a shell; resolves whatever the exit code is. One at a time. */
  async run(script: string): Promise<Ran> {
    const answer = this.#nextLine();
    this.#socket?.write(`${Buffer.from(script).toString('base64')}\n`);
    const [code = '', stdout = '', stderr = ''] = (await answer).split(' ');
    return { code: Number(code), stdout: decoded(stdout), stderr: decoded(stderr) };
  }

  /** Standard output of what must succeed. */
  async get(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(script);
    if (code === 0) return stdout;
    throw new Error(`${script} ended with ${code}: ${stderr}\n${stdout}`);
  }

  /** Waits for a fact that announces itself nowhere. */
  async until<T>(what: string, look: () => Promise<T>): Promise<NonNullable<T>> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`not in time: ${what}\n${await this.#journal()}`);
      await sleep(200);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines?.close();
    this.#socket?.destroy();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    if (this.#hasEnded()) end();
    this.#qemu.once('exit', () => end());
    this.#qemu.kill('SIGKILL');
    await ended;
    rmSync(this.#dir, { recursive: true });
  }

  async #connect(): Promise<void> {
    const path = join(this.#dir, 'agent');
    const deadline = Date.now() + DEADLINE_MS;
    while (!existsSync(path)) {
      if (this.#hasEnded() || Date.now() > deadline) throw new Error(this.#noAnswer());
      await sleep(20);
    }
    this.#socket = connect(path);
    this.#socket.on('error', () => undefined);
    this.#lines = createInterface(this.#socket);
    await this.#nextLine();
  }

  #nextLine(): Promise<string> {
    const { promise, resolve: resolveLine, reject } = Promise.withResolvers<string>();
    const fail = (): void => reject(new Error(this.#noAnswer()));
    const timer = setTimeout(fail, DEADLINE_MS);
    this.#lines?.once('line', resolveLine).once('close', fail);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#lines?.off('line', resolveLine).off('close', fail);
    });
  }

  #noAnswer(): string {
    const state = this.#hasEnded() ? 'has ended' : 'does not answer in time';
    return `the guest ${state}; on its console:\n${this.#console}`;
  }

  async #journal(): Promise<string> {
    return (await this.run('journalctl --no-pager --lines=30')).stdout;
  }

  #hasEnded(): boolean {
    return this.#qemu.exitCode !== null || this.#qemu.signalCode !== null;
  }
}

/** It dies with the test. */
function startQemu(dir: string, payload: string): ChildProcess {
  const kernelArgs =
    'root=/dev/vda console=ttyS0 panic=-1 oops=panic quiet systemd.show_status=no random.trust_cpu=on';
  const args = [
    ...['--pdeathsig', 'KILL', 'qemu-system-x86_64', '-nodefaults', '-no-user-config'],
    // Under QEMU 7.2 some kernels panic after cmpxchg16b, and a fifth level of page tables only costs time.
    ...['-accel', 'tcg', '-machine', 'q35', '-cpu', 'max,-cx16,-la57,-svm', '-smp', '2'],
    ...['-m', '1536', '-display', 'none', '-no-reboot'],
    ...['-kernel', join(IMAGE, 'vmlinuz'), '-initrd', join(IMAGE, 'initrd.img')],
    ...['-append', kernelArgs],
    ...['-drive', `file=${join(IMAGE, 'disk.img')},format=raw,if=virtio,snapshot=on`],
    ...['-drive', `file=${payload},format=raw,if=virtio,readonly=on`],
    ...['-serial', 'stdio', '-serial', `unix:${join(dir, 'agent')},server=on,wait=off`],
  ];
  return spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function decoded(text: string): string {
  return text === '-' ? '' : Buffer.from(text, 'base64').toString().trimEnd();
}

/** Why no guest can be booted here, in words; undefined when one can. */
export function whyNoGuest(): string | undefined {
  return existsSync(join(IMAGE, 'disk.img'))
    ? undefined
    : 'its disk has not been made: npm run test:system';
}
