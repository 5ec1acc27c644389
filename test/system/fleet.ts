/** The whole of solovirt in a machine: VM files, the API, and proof from inside a guest that it lives on. */
import { request } from 'node:http';
import type { VmObject } from '../../src/api/contract.ts';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { enableSolovirt } from './install.ts';
import { Machine } from './machine.ts';

export const DAEMON = 'solovirt.service';
export const SOCKET = '/run/solovirt/solovirt.sock';
const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const DEADLINE_MS = 60_000;

export interface Declared {
  readonly strategy?: RunStrategy;
  readonly guest?: string;
  readonly grace?: number;
  /** Annotations of the VM. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Lines under `domain`, indented by eight. */
  readonly domain?: string;
  /** Lines under `domain.devices`, by ten. */
  readonly devices?: string;
  /** Lines under `spec.template.spec`, by six. */
  readonly spec?: string;
}

/** A guest at one moment. */
export interface Life {
  readonly pid: string;
  /** Chosen by the guest when it boots. */
  readonly bootId: string;
  /** Seconds the guest has counted. */
  readonly count: number;
}

export interface Answer {
  readonly code: number;
  readonly body: string;
}

export class Fleet implements AsyncDisposable {
  readonly machine: Machine;

  private constructor(machine: Machine) {
    this.machine = machine;
  }

  /** A machine with these VMs, booted with the daemon enabled. `prepare` may put more into it. */
  static async booted(
    vms: Readonly<Record<string, Declared>>,
    prepare: (machine: Machine) => void = () => {},
  ): Promise<Fleet> {
    const machine = await Machine.make();
    const fleet = new Fleet(machine);
    try {
      await enableSolovirt(machine.path('/'));
      for (const [name, vm] of Object.entries(vms)) fleet.declare(name, vm);
      prepare(machine);
      await machine.boot();
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** In a machine that gets solovirt in another way. */
  static on(machine: Machine): Fleet {
    return new Fleet(machine);
  }

  declare(name: string, vm: Declared): void {
    this.machine.write(`/etc/solovirt/vms/${name}.yaml`, manifest(name, vm), 0o666);
  }

  unit(name: string): string {
    return `solovirt-vm@${name}.service`;
  }

  async vm(name: string): Promise<VmObject> {
    const { code, body } = await this.api('GET', `${VMS}/${name}`);
    if (code !== 200) throw new Error(`GET ${name}: ${code} ${body}`);
    return JSON.parse(body) as VmObject;
  }

  api(method: string, path: string, body?: object): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers = { 'content-type': 'application/json' };
    const socketPath = this.machine.path(SOCKET);
    const outgoing = request(
      { socketPath, method, path, headers, timeout: DEADLINE_MS, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }

  /** What a user types; standard output. */
  cli(...args: readonly string[]): Promise<string> {
    return this.machine.get('solovirt', ...args);
  }

  untilStatus(name: string, status: string): Promise<VmObject> {
    return this.machine.until(`${name} is ${status}`, async () => {
      const vm = await this.vm(name).catch(() => undefined);
      return vm?.status.printableStatus === status ? vm : undefined;
    });
  }

  /** Waits until the daemon has all these VMs running. */
  async allRunning(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.untilStatus(name, 'Running');
  }

  async evidence(name: string): Promise<string> {
    const uid = (await this.vm(name)).status.instance?.uid;
    if (uid === undefined) throw new Error(`${name} has no instance`);
    return `/var/lib/solovirt/instances/${uid}`;
  }

  /** The guest `witness` speaks each second; waits for the first word that comes now. */
  async life(name: string): Promise<Life> {
    const file = `/run/solovirt/vm/${name}/evidence`;
    const evidence = await this.machine.get('readlink', file);
    const look = (): readonly (readonly [string, number])[] =>
      [...this.machine.read(`${evidence}/console.log`).matchAll(/^STILL (\w{8}) (\w{8})\r$/gm)].map(
        ([, id, count]) => [id ?? '', Number.parseInt(count ?? '', 16)] as const,
      );
    const before = look().length;
    const [bootId, count] = await this.machine.until(`${name} speaks`, () => look()[before]);
    return { pid: await this.machine.property(this.unit(name), 'MainPID'), bootId, count };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

/** Same process, same boot, and time went on in it. */
export function livesOn(before: Life, after: Life): boolean {
  return after.pid === before.pid && after.bootId === before.bootId && after.count > before.count;
}

/** Its file. */
export function manifest(name: string, vm: Declared): string {
  const {
    strategy = 'Always',
    guest = 'witness',
    grace = 20,
    annotations = {},
    domain = '',
    devices = '',
    spec = '',
  } = vm;
  const notes = Object.entries(annotations).map(([key, value]) => `    ${key}: '${value}'\n`);
  return `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: ${name}
${notes.length === 0 ? '' : `  annotations:\n${notes.join('')}`}spec:
  runStrategy: ${strategy}
  template:
    spec:
      terminationGracePeriodSeconds: ${grace}
${spec}      domain:
        memory: {guest: 16Mi}
${domain}        devices:
          autoattachGraphicsDevice: false
          autoattachMemBalloon: false
          autoattachPodInterface: false
${devices}          disks: [{name: root, disk: {bus: virtio}}]
      volumes:
        - name: root
          containerDisk: {image: 'tiny:${guest}'}
`;
}
