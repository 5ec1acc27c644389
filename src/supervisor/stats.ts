/**
 * How much each guest uses, looked up when somebody asks and not before. All guests are asked at once; one that does
 * not answer in time is left without its own numbers and holds up nobody. Those of /proc are always there.
 */
import { type InterfaceUse, trafficOf } from '../core/agent/guest-traffic.ts';
import type { InterfaceSpec } from '../core/model/network-interface.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { defaultMacAddress } from '../core/qemu-args/mac-address.ts';
import { type DeviceUse, type DiskUse, queryDeviceUse } from '../qemu/guest-stats.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import { type ProcessUse, readProcessUse } from '../qemu/process-use.ts';
import { QmpTimeoutError } from '../qemu/qmp-error.ts';
import type { Ground } from './ground.ts';
import type { VmSnapshot } from './snapshot.ts';
import type { MissingReason } from './tally.ts';

export interface InstanceStats {
  readonly uid: string;
  readonly vcpus: number;
  /** RAM of the guest. */
  readonly guestBytes: number;
  /** Absent when QEMU is not there yet, or any more. */
  readonly process?: ProcessUse;
  /** Empty while `missing`. */
  readonly disks: readonly (DiskUse & { readonly name: string })[];
  /** Those that the guest's agent tells of; empty without one. */
  readonly interfaces: readonly (InterfaceUse & { readonly name: string })[];
  readonly balloonBytes?: number;
  readonly missing?: MissingReason;
}

export interface VmStats extends VmIdentity {
  readonly key: string;
  /** Unix ms. */
  readonly at: number;
  /** Absent while the VM is down. */
  readonly instance?: InstanceStats;
}

/** For the answers of all guests together. */
const PATIENCE_MS = 1000;

type Traffic = readonly (InterfaceUse | undefined)[];
type Answer = DeviceUse | { readonly missing: MissingReason };

export class Stats {
  readonly #ground: Pick<Ground, 'board' | 'clock' | 'lives' | 'tally'>;
  /** By instance: whoever asks meanwhile gets the same answer, so that no guest is asked twice at a time. */
  readonly #asked = new Map<string, Promise<Answer>>();
  /** The same for agents. */
  readonly #askedAgents = new Map<string, Promise<Traffic>>();

  constructor(ground: Pick<Ground, 'board' | 'clock' | 'lives' | 'tally'>) {
    this.#ground = ground;
  }

  /** In the order of the board. Takes a second at most. */
  async collect(wanted: (vm: VmSnapshot) => boolean = () => true): Promise<readonly VmStats[]> {
    const vms = this.#ground.board.all().filter((vm) => vm.record !== undefined && wanted(vm));
    using patience = new Patience(PATIENCE_MS);
    return await Promise.all(vms.map((vm) => this.#of(vm, patience)));
  }

  async #of(vm: VmSnapshot, patience: Patience): Promise<VmStats> {
    const { key, namespace, name, record } = vm;
    const at = this.#ground.clock.now();
    const live = this.#ground.lives.get(key);
    if (record?.instance === undefined || live === undefined) return { key, namespace, name, at };
    const { uid, spec } = record.instance;
    const [answer, traffic] = await Promise.all([
      Promise.race([this.#ask(live, spec), patience.over]),
      Promise.race([this.#askAgent(live, vm, spec.interfaces), patience.over]),
    ]);
    const told = 'missing' in traffic ? [] : traffic;
    if ('missing' in answer) this.#ground.tally.scrapeFailed(answer.missing);
    const process = live.identity === undefined ? undefined : readProcessUse(live.identity);
    const { disks = [], ...rest } =
      'missing' in answer ? { missing: answer.missing } : { ...answer };
    const instance: InstanceStats = {
      uid,
      vcpus: spec.cpu.sockets * spec.cpu.cores * spec.cpu.threads,
      guestBytes: spec.memoryBytes,
      ...(process === undefined ? {} : { process }),
      disks: spec.disks.flatMap((disk, index) => {
        const use = disks[index];
        return use === undefined ? [] : [{ name: disk.name, ...use }];
      }),
      interfaces: spec.interfaces.flatMap(({ name: interfaceName }, index) => {
        const use = told[index];
        return use === undefined ? [] : [{ name: interfaceName, ...use }];
      }),
      ...rest,
    };
    return { key, namespace, name, at: this.#ground.clock.now(), instance };
  }

  #askAgent(
    live: LiveInstance,
    vm: VmIdentity,
    interfaces: readonly InterfaceSpec[],
  ): Promise<Traffic> {
    const { uid } = live.paths;
    const known = this.#askedAgents.get(uid);
    if (known !== undefined) return known;
    const macs = interfaces.map(({ name, macAddress }) =>
      (macAddress ?? defaultMacAddress(vm, name)).toLowerCase(),
    );
    const asked = askAgent(live, macs).finally(() => this.#askedAgents.delete(uid));
    this.#askedAgents.set(uid, asked);
    return asked;
  }

  #ask(
    live: LiveInstance,
    spec: { readonly disks: readonly unknown[]; readonly memBalloon: boolean },
  ): Promise<Answer> {
    const { uid } = live.paths;
    const known = this.#asked.get(uid);
    if (known !== undefined) return known;
    const asked = ask(live, { disks: spec.disks.length, balloon: spec.memBalloon }).finally(() =>
      this.#asked.delete(uid),
    );
    this.#asked.set(uid, asked);
    return asked;
  }
}

/** A guest without an agent, or with one that does not answer, tells nothing; that is no failure. */
async function askAgent(
  { guest: { agent } }: LiveInstance,
  macs: readonly string[],
): Promise<Traffic> {
  if (macs.length === 0 || agent.standing !== 'connected') return [];
  try {
    return trafficOf(await agent.execute('guest-network-get-interfaces'), macs);
  } catch {
    return [];
  }
}

/** Its command has a longer deadline than we wait: a guest that is merely slow is not taken for one that hangs. */
async function ask(
  live: LiveInstance,
  devices: Parameters<typeof queryDeviceUse>[1],
): Promise<Answer> {
  const sight = live.sight();
  // Nobody to ask yet, or any more: nothing is missing.
  if (sight.kind !== 'live') return { disks: [] };
  if (!sight.monitor) return live.unresponsive ? { missing: 'unresponsive' } : { disks: [] };
  try {
    return await queryDeviceUse((command) => live.execute(command), devices);
  } catch (error) {
    return { missing: error instanceof QmpTimeoutError ? 'unresponsive' : 'failed' };
  }
}

/** A deadline that several wait for. */
class Patience implements Disposable {
  readonly over: Promise<{ readonly missing: 'late' }>;
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    const { promise, resolve } = Promise.withResolvers<{ readonly missing: 'late' }>();
    this.over = promise;
    this.#timer = setTimeout(() => resolve({ missing: 'late' }), ms);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
