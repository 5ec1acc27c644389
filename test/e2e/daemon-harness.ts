/**
 * A whole solovirt for one test: its own directories, the daemon as a child process, and a client of its socket.
 * Waits are watches of the API with a deadline, never sleeps. Whatever still runs at the end is killed by identity.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { VmObject } from '../../src/api/contract.ts';
import type { RunList, RunView } from '../../src/api/contract-runs.ts';
import { isAlive, readProcessFile } from '../../src/qemu/process-identity.ts';
import { imagesDir } from '../support/guests.ts';

const FLAGS = ['--max-semi-space-size=1'];
const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const DEADLINE_MS = 30_000;
const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default';

export interface DaemonProgram {
  /** Node's executable. */
  readonly node: string;
  /** Node's own. */
  readonly flags: readonly string[];
  readonly main: string;
}

/** Makes of a command line one that executes it somewhere else, as the same process. */
export type Inside = (
  program: string,
  ...args: readonly string[]
) => readonly [string, ...string[]];

export interface Answer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the API answers
  readonly body: any;
}

export class World implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'solovirt-e2e-'));
  readonly vms = join(this.dir, 'vms');
  readonly state = join(this.dir, 'state');
  readonly runtime = join(this.dir, 'run');
  readonly socket = join(this.dir, 'run', 's');
  readonly extraArgs: readonly string[];
  readonly images: string;
  log = '';
  readonly #user: number | undefined;
  readonly #program: DaemonProgram;
  readonly #inside: Inside;
  #child: ChildProcess | undefined;

  /**
   * @param options config: text of a configuration file; user: whom the daemon runs as, which takes root; program:
   * this checkout's sources unless given; inside: where it is to run, such as a network of its own
   */
  constructor(
    options: {
      readonly args?: readonly string[];
      readonly images?: string;
      readonly config?: string;
      readonly user?: number;
      readonly program?: DaemonProgram;
      readonly inside?: Inside;
    } = {},
  ) {
    const file = join(this.dir, 'solovirt.yaml');
    const config = options.config === undefined ? [] : ['--config', file];
    if (options.config !== undefined) writeFileSync(file, options.config);
    this.extraArgs = [...config, ...(options.args ?? [])];
    this.images = options.images ?? imagesDir;
    mkdirSync(this.vms);
    this.#program = options.program ?? { node: process.execPath, flags: FLAGS, main: MAIN };
    this.#user = options.user;
    this.#inside = options.inside ?? ((...command) => command);
    if (options.user !== undefined)
      for (const dir of [this.dir, this.vms]) chownSync(dir, options.user, options.user);
    // Guests have users of their own, who must get through.
    chmodSync(this.dir, 0o711);
  }

  static async start(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
    const world = new World(options);
    try {
      await world.startDaemon();
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
    return world;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('no daemon runs');
    return pid;
  }

  daemonArgs(): readonly string[] {
    return [
      this.#program.main,
      'daemon',
      ...['--vms', this.vms, '--images', this.images, '--state', this.state],
      ...['--disk-roots', tmpdir()],
      ...['--runtime', this.runtime, '--socket', this.socket],
      ...['--accel', 'tcg', '--log-level', 'info', ...this.extraArgs],
    ];
  }

  /** Resolves when the daemon is ready. */
  async startDaemon(): Promise<void> {
    const [program, ...args] = this.#inside(
      this.#program.node,
      ...this.#program.flags,
      ...this.daemonArgs(),
    );
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(this.#user === undefined ? {} : { uid: this.#user, gid: this.#user }),
    });
    this.#child = child;
    const { promise, resolve: ready, reject } = Promise.withResolvers<void>();
    const take = (text: string): void => {
      this.log += text;
      if (text.includes('"msg":"ready"')) ready();
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.once('exit', (code, signal) => {
      reject(new Error(`the daemon ended (${code ?? signal}):\n${this.log}`));
    });
    await within(promise, 'the daemon is ready', () => this.log);
  }

  /** SIGKILL, or another signal; resolves when the daemon is gone. */
  async endDaemon(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const { promise, resolve: gone } = Promise.withResolvers<void>();
    child.once('exit', () => gone());
    child.kill(signal);
    await within(promise, 'the daemon is gone');
    this.#child = undefined;
  }

  file(name: string): string {
    return join(this.vms, `${name}.yaml`);
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  remove(name: string): void {
    rmSync(this.file(name));
  }

  api(method: string, path: string, body?: unknown): Promise<Answer> {
    const { promise, resolve: done, reject } = Promise.withResolvers<Answer>();
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(
      { socketPath: this.socket, method, path, headers, timeout: DEADLINE_MS },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const isJson = response.headers['content-type']?.startsWith('application/json');
          const parsed: unknown = isJson === true ? JSON.parse(text) : text;
          done({ code: response.statusCode ?? 0, body: parsed });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
    if (body === undefined) outgoing.end();
    else outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
    return promise;
  }

  async vm(name: string): Promise<VmObject> {
    const { code, body } = await this.api('GET', `${VMS}/${name}`);
    if (code !== 200) throw new Error(`GET ${name}: ${JSON.stringify(body)}`);
    return body as VmObject;
  }

  command(name: string, verb: 'start' | 'stop' | 'restart', body: object = {}): Promise<Answer> {
    return this.api('PUT', `${SUB}/virtualmachines/${name}/${verb}`, body);
  }

  instance(name: string, verb: string): Promise<Answer> {
    return this.api('PUT', `${SUB}/virtualmachineinstances/${name}/${verb}`);
  }

  async runs(name: string): Promise<readonly RunView[]> {
    return ((await this.api('GET', `${VMS}/${name}/runs`)).body as RunList).items;
  }

  /** Watches the VM until it looks as wanted; undefined stands for "there is no such VM". */
  until(
    name: string,
    what: string,
    wanted: (vm: VmObject | undefined) => boolean,
  ): Promise<VmObject | undefined> {
    const { promise, resolve: done, reject } = Promise.withResolvers<VmObject | undefined>();
    let last: VmObject | undefined;
    const look = (vm: VmObject | undefined): void => {
      last = vm;
      if (wanted(vm)) done(vm);
    };
    const path = `${VMS}?watch=1&fieldSelector=metadata.name%3D${name}`;
    const watch = request({ socketPath: this.socket, path }, (response) => {
      let rest = '';
      let present = false;
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line === '') continue;
          const event = JSON.parse(line) as { type: string; object: VmObject };
          present = true;
          look(event.type === 'DELETED' ? undefined : event.object);
        }
        if (!present) look(undefined);
      });
      response.on('error', () => {});
      // A watch of something that is not there yet stays silent; ask once.
      void this.api('GET', `${VMS}/${name}`).then(({ code }) => {
        if (code === 404 && !present) look(undefined);
      }, reject);
    });
    watch.on('error', reject);
    watch.end();
    const report = (): string => `last seen: ${JSON.stringify(last?.status, null, 1)}\n${this.log}`;
    return within(promise, `${name} ${what}`, report).finally(() => watch.destroy());
  }

  async untilStatus(name: string, status: string): Promise<VmObject> {
    const vm = await this.until(name, `is ${status}`, (v) => v?.status.printableStatus === status);
    if (vm === undefined) throw new Error('unreachable');
    return vm;
  }

  /** Waits for `count` ended runs and gives the newest. */
  async untilRuns(name: string, count: number): Promise<RunView> {
    const vm = await this.until(
      name,
      `has ended ${count} times`,
      (v) => (v?.status.runHistory.length ?? 0) >= count,
    );
    const run = vm?.status.runHistory[0];
    if (run === undefined) throw new Error('unreachable');
    return run;
  }

  /** Waits until the guest has said `text` on its console. */
  async untilConsole(name: string, text: string, deadlineMs = DEADLINE_MS): Promise<void> {
    const uid = (await this.vm(name)).status.instance?.uid;
    if (uid === undefined) throw new Error(`${name} has no instance`);
    const file = join(this.state, 'instances', uid, 'console.log');
    const said = (): boolean => readFileSync(file, 'utf8').includes(text);
    await poll(`${name} says ${JSON.stringify(text)}`, said, deadlineMs);
  }

  /** Evidence directories' process identities that are alive. */
  liveQemus(): readonly number[] {
    const root = join(this.state, 'instances');
    let uids: readonly string[];
    try {
      uids = readdirSync(root);
    } catch {
      return [];
    }
    return uids.flatMap((uid) => {
      const identity = readProcessFile(join(root, uid, 'process'))?.identity;
      return identity !== undefined && isAlive(identity) ? [identity.pid] : [];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endDaemon('SIGKILL');
    for (const pid of this.liveQemus()) process.kill(pid, 'SIGKILL');
    await poll('all guests are gone', () => this.liveQemus().length === 0);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** For facts that announce themselves nowhere (a pid that goes, a file of a stranger). */
export async function poll(
  what: string,
  holds: () => boolean,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!safely(holds)) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

function safely(holds: () => boolean): boolean {
  try {
    return holds();
  } catch {
    return false;
  }
}

export async function within<T>(promise: Promise<T>, what: string, report = () => ''): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`not in time: ${what}\n${report()}`)),
    DEADLINE_MS,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
