/** solovirt as the package ships it, with a kept connection and one watch of all VMs. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { VmObject } from '../../src/api/contract.ts';
import { World } from '../../test/e2e/daemon-harness.ts';
import { KeptConnection } from '../kept-connection.ts';
import { isThere } from '../measure.ts';
import { buildProgram, type Program } from '../program.ts';
import type { Line } from './qemu.ts';

const LIST = '/apis/kubevirt.io/v1/virtualmachines';
const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines';
const DEADLINE_MS = 180_000;

export class Solovirt implements AsyncDisposable {
  readonly program: Program;
  readonly world: World;
  readonly #seen = new Map<string, VmObject>();
  readonly #listeners = new Set<() => void>();
  #connection: KeptConnection;
  #watch: ClientRequest | undefined;

  private constructor(program: Program, world: World) {
    this.program = program;
    this.world = world;
    this.#connection = new KeptConnection(world.socket);
  }

  static async start(options: { readonly args?: readonly string[] } = {}): Promise<Solovirt> {
    const program = buildProgram();
    const { node, flags, daemon } = program;
    const world = new World({
      ...options,
      program: { node, flags, main: daemon },
      // A service leads a session of its own, whoever starts it.
      inside: (command, ...args) => ['setsid', command, ...args],
    });
    const solovirt = new Solovirt(program, world);
    await solovirt.startDaemon();
    return solovirt;
  }

  async startDaemon(): Promise<void> {
    await this.world.startDaemon();
    await this.watch();
  }

  async endDaemon(): Promise<void> {
    this.#watch?.destroy();
    this.#connection[Symbol.dispose]();
    this.#connection = new KeptConnection(this.world.socket);
    this.#seen.clear();
    await this.world.endDaemon('SIGKILL');
  }

  /** Answers over one kept connection. @throws unless it is a success */
  call(method: string, path: string, body?: object): Promise<string> {
    return this.#connection.call(method, path, body);
  }

  command(name: string, verb: 'start' | 'stop' | 'restart', body: object = {}): Promise<string> {
    return this.call('PUT', `${SUB}/${name}/${verb}`, body);
  }

  list(): Promise<string> {
    return this.call('GET', LIST);
  }

  get(name: string): Promise<string> {
    return this.call('GET', `${VMS}/${name}`);
  }

  /** Resolves once the watch shows the VM as wanted. */
  async sees(name: string, wanted: (vm: VmObject | undefined) => boolean): Promise<VmObject> {
    await this.#until(`${name} as wanted`, () => wanted(this.#seen.get(name)));
    const vm = this.#seen.get(name);
    if (vm === undefined) throw new Error(`${name} is not there`);
    return vm;
  }

  /** Another instance than `not` runs. @returns its uid and the pid of its QEMU */
  async runs(name: string, not = ''): Promise<{ readonly uid: string; readonly pid: number }> {
    const vm = await this.sees(name, (seen) => {
      const { printableStatus, instance } = seen?.status ?? {};
      return printableStatus === 'Running' && instance?.pid !== undefined && instance.uid !== not;
    });
    return { uid: vm.status.instance?.uid ?? '', pid: vm.status.instance?.pid ?? 0 };
  }

  count(status: string): number {
    return [...this.#seen.values()].filter((vm) => vm.status.printableStatus === status).length;
  }

  /** Resolves once so many VMs have this status. */
  async counts(status: string, count: number): Promise<void> {
    await this.#until(`${count} VMs are ${status}`, () => this.count(status) >= count);
  }

  async isGone(name: string): Promise<void> {
    await this.#until(`${name} is gone`, () => !this.#seen.has(name));
  }

  instanceDir(uid: string): string {
    return join(this.world.state, 'instances', uid);
  }

  /** When QEMU was there: its pid is written down at once (Unix ms). */
  spawnedAt(uid: string): number {
    return statSync(join(this.instanceDir(uid), 'process')).mtimeMs;
  }

  /** What another program needs to start the same guest. */
  line(uid: string): Line {
    const stateDir = this.instanceDir(uid);
    const kept = join(this.world.dir, `made-${uid}`);
    mkdirSync(kept);
    const made = readdirSync(stateDir)
      .filter((name) => /\.(?:qcow2|bin)$/.test(name))
      .map((name) => {
        copyFileSync(join(stateDir, name), join(kept, name));
        return join(kept, name);
      });
    const { argv } = JSON.parse(readFileSync(join(stateDir, 'instance.json'), 'utf8')) as {
      readonly argv: readonly string[];
    };
    return { argv, stateDir, runtimeDir: join(this.world.runtime, 'i', uid), made };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.destroy();
    this.#connection[Symbol.dispose]();
    await this.world[Symbol.asyncDispose]();
  }

  async watch(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const path = `${LIST}?watch=1`;
    const watch = request({ socketPath: this.world.socket, path }, (response) => {
      resolve();
      // It passes on the error of the stream, which ends with the daemon.
      createInterface({ input: response })
        .on('line', (line) => this.#take(line))
        .on('error', () => {});
      response.on('error', () => {});
    });
    this.#watch = watch.on('error', reject);
    watch.end();
    await promise;
  }

  #take(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: VmObject };
    const { name } = object.metadata;
    if (type === 'DELETED') this.#seen.delete(name);
    else this.#seen.set(name, object);
    for (const listener of this.#listeners) listener();
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (holds()) resolve();
    };
    const alarm = setTimeout(
      () => reject(new Error(`not in time: ${what}\n${this.world.log.slice(-4000)}`)),
      DEADLINE_MS,
    );
    this.#listeners.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(alarm);
      this.#listeners.delete(look);
    }
  }
}

/** Resolves once the process has ended. */
export async function ended(pid: number): Promise<void> {
  while (isThere(pid)) await new Promise((next) => setTimeout(next, 1));
}
