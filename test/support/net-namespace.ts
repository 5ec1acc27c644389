/** A network of its own for a test: nothing in it reaches this host's, and it goes with the process that holds it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const DEADLINE_MS = 30_000;

export class NetNamespace implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async make(): Promise<NetNamespace> {
    // Whatever becomes of the test, `cat` ends with its standard input.
    const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const namespace = new NetNamespace(holder);
    const own = readlinkSync('/proc/self/ns/net');
    const deadline = Date.now() + DEADLINE_MS;
    while (readlinkSync(`/proc/${holder.pid}/ns/net`) === own) {
      if (Date.now() > deadline || holder.exitCode !== null) throw new Error('no network was made');
      await sleep(5);
    }
    await namespace.get('ip', 'link', 'set', 'lo', 'up');
    return namespace;
  }

  get pid(): number {
    return this.#holder.pid ?? 0;
  }

  /** A command line that goes on inside. */
  inside(...command: readonly string[]): readonly [string, ...string[]] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--', ...command];
  }

  /** Standard output of what must succeed. */
  async get(...command: readonly string[]): Promise<string> {
    const [program, ...args] = this.inside(...command);
    const { stdout } = await execa(program, args, { stdin: 'ignore', timeout: DEADLINE_MS });
    return stdout;
  }

  /** A cable from here to there, with an address at either end. */
  async connect(other: NetNamespace, here: string, there: string): Promise<void> {
    const peer = ['peer', 'name', 'eth0', 'netns', String(other.pid)];
    await this.get('ip', 'link', 'add', 'uplink', 'type', 'veth', ...peer);
    for (const [end, name, address] of [
      [this, 'uplink', here],
      [other, 'eth0', there],
    ] as const) {
      await end.get('ip', 'address', 'add', address, 'dev', name);
      await end.get('ip', 'link', 'set', name, 'up');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holder.once('exit', () => resolve());
    this.#holder.stdin?.end();
    await promise;
  }
}

/** Why no network can be made here, in words; undefined when one can. */
export function whyNoNetwork(): string | undefined {
  if (process.geteuid?.() !== 0) return 'only root can make a network of its own';
  const dirs = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const missing = ['ip', 'nft', 'dnsmasq', 'unshare', 'nsenter'].filter(
    (program) => !dirs.some((dir) => existsSync(`${dir}/${program}`)),
  );
  if (missing.length > 0) return `missing: ${missing.join(', ')}`;
  const script = 'ip link add name sv type bridge && nft add table inet sv';
  const { status, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `no network can be made: ${stderr.trim()}`;
}
