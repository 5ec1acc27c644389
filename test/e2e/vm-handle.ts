/** One VM of a test: its file, its commands, and what became of it. */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmObject } from '../../src/api/contract.ts';
import type { EventObject } from '../../src/api/contract-event.ts';
import type { ObjectList } from '../../src/api/contract-meta.ts';
import type { RunView } from '../../src/api/contract-runs.ts';
import type { Intent } from '../../src/core/model/evidence.ts';
import type { VmRecord } from '../../src/core/model/record.ts';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { signalProcess } from '../../src/qemu/kill-tree.ts';
import { readIdentity } from '../../src/qemu/process-identity.ts';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { type Answer, poll, type World } from './daemon-harness.ts';
import { type TinyVm, tinyVm } from './manifests.ts';

export type Verb = 'start' | 'stop' | 'restart';
export type InstanceVerb = 'pause' | 'unpause' | 'reset' | 'softreboot';

export interface Live {
  readonly uid: string;
  readonly pid: number;
}

export class Vm {
  readonly world: World;
  readonly name: string;
  /** The file as the test wrote it first. */
  readonly original: string;

  private constructor(world: World, name: string, original: string) {
    this.world = world;
    this.name = name;
    this.original = original;
  }

  /** Writes the file, and waits for nothing. */
  static put(world: World, name: string, vm: TinyVm | string): Vm {
    const text = typeof vm === 'string' ? vm : tinyVm(name, vm);
    world.write(name, text);
    return new Vm(world, name, text);
  }

  /** A VM whose file is not written yet. */
  static planned(world: World, name: string, text: string): Vm {
    return new Vm(world, name, text);
  }

  /** A VM that is known; it may have to be started. */
  static async known(world: World, name: string, vm: TinyVm | string): Promise<Vm> {
    const handle = Vm.put(world, name, vm);
    await handle.until('is known', (v) => v !== undefined);
    return handle;
  }

  /** A VM whose guest listens to its power button, whatever its strategy asks for. */
  static async up(world: World, name: string, vm: TinyVm): Promise<{ vm: Vm; live: Live }> {
    const handle = await Vm.known(world, name, vm);
    if (vm.strategy === 'Manual') await handle.granted('start');
    return { vm: handle, live: await handle.listening() };
  }

  get path(): string {
    return `/apis/kubevirt.io/v1/namespaces/default/virtualmachines/${this.name}`;
  }

  text(): string {
    return this.world.read(this.name);
  }

  edit(strategy: RunStrategy): void {
    this.world.write(this.name, withStrategy(this.text(), strategy));
  }

  command(verb: Verb, body: object = {}): Promise<Answer> {
    return this.world.command(this.name, verb, body);
  }

  instance(verb: InstanceVerb): Promise<Answer> {
    return this.world.instance(this.name, verb);
  }

  /** @throws unless the command is accepted */
  async granted(verb: Verb, body: object = {}): Promise<void> {
    const { code, body: answer } = await this.command(verb, body);
    if (code !== 202) throw new Error(`${verb} ${this.name}: ${code} ${JSON.stringify(answer)}`);
  }

  until(
    what: string,
    wanted: (vm: VmObject | undefined) => boolean,
  ): Promise<VmObject | undefined> {
    return this.world.until(this.name, what, wanted);
  }

  async is(status: string): Promise<VmObject> {
    return this.world.untilStatus(this.name, status);
  }

  /** Running, with another instance than `not`. */
  async running(not?: string): Promise<Live> {
    const vm = await this.until('runs', (v) => {
      const instance = v?.status.instance;
      const runs = v?.status.printableStatus === 'Running' && instance?.pid !== undefined;
      return runs && instance.uid !== not;
    });
    const { uid, pid } = vm?.status.instance ?? {};
    if (uid === undefined || pid === undefined) throw new Error('unreachable');
    return { uid, pid };
  }

  async listening(not?: string): Promise<Live> {
    const live = await this.running(not);
    await this.says(live, 'UP');
    return live;
  }

  async says(live: Pick<Live, 'uid'>, text: string, times = 1): Promise<void> {
    const { console } = this.paths(live.uid);
    await poll(
      `${this.name} says ${text} ${times} times`,
      () => readFileSync(console, 'utf8').split(text).length > times,
    );
  }

  /** The newest run, once `count` have ended. */
  ended(count: number): Promise<RunView> {
    return this.world.untilRuns(this.name, count);
  }

  async status(): Promise<VmObject['status']> {
    return (await this.world.vm(this.name)).status;
  }

  /** A command over the monitor that is meant for people: solovirt does not know of it. */
  async monitor(uid: string, command: string): Promise<void> {
    const ignore = { onEvent: () => {}, onClose: () => {} };
    await using client = await QmpClient.connect(this.paths(uid).controlSocket, ignore);
    await client.execute(command);
  }

  async eventReasons(): Promise<readonly string[]> {
    const { body } = await this.world.api('GET', '/api/v1/namespaces/default/events');
    return (body as ObjectList<EventObject>).items
      .filter((e) => e.involvedObject.name === this.name)
      .flatMap(({ reason, count }) => Array.from({ length: count }, () => reason));
  }

  async untilEvent(reason: string, times = 1): Promise<void> {
    await eventually(`${this.name} has event ${reason}`, async () => {
      const reasons = await this.eventReasons();
      return reasons.filter((r) => r === reason).length >= times;
    });
  }

  /** Pids of all QEMUs of this VM, whatever the daemon knows of them. */
  processes(): readonly number[] {
    return qemuProcesses(this.world).flatMap(({ pid, vm }) => (vm === this.name ? [pid] : []));
  }

  /** What the daemon has stored. */
  record(): VmRecord | undefined {
    using database = new DatabaseSync(`${this.world.state}/state.db`, { readOnly: true });
    const row = database.prepare('SELECT record FROM vms WHERE name = ?').get(this.name);
    return row === undefined ? undefined : (JSON.parse(String(row['record'])) as VmRecord);
  }

  /** Whichever are still there. */
  kill(): void {
    for (const pid of this.processes()) {
      const identity = readIdentity(pid);
      if (identity !== undefined) signalProcess(identity, 'SIGKILL');
    }
  }

  /** Writes down an intent, as helpers of a service manager do. */
  intend({ uid }: Pick<Live, 'uid'>, intent: Intent): void {
    appendFileSync(this.paths(uid).intent, `${JSON.stringify(intent)}\n`);
  }

  /** Until QEMU is gone, whoever watches it. */
  async gone({ pid }: Live): Promise<void> {
    await poll(`QEMU of ${this.name} is gone`, () => !this.processes().includes(pid));
  }

  paths(uid: string): InstancePaths {
    return instancePaths(this.world.state, this.world.runtime, uid);
  }
}

/** For facts that must be asked for again and again. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > giveUp) throw new Error(`not in time: ${what}`);
    await sleep(20);
  }
}

/** All QEMUs whose files lie in this world, from /proc alone. */
export function qemuProcesses(
  world: World,
): readonly { readonly pid: number; readonly vm: string }[] {
  return readdirSync('/proc').flatMap((entry) => {
    const [program = '', ...args] = commandLine(entry);
    const ours = /qemu-system/.test(program) && args.some((arg) => arg.includes(`${world.dir}/`));
    const vm = args[args.indexOf('-name') + 1]?.replace('guest=default/', '');
    return ours && vm !== undefined ? [{ pid: Number(entry), vm }] : [];
  });
}

/** Empty for what is no process, or a zombie. */
function commandLine(entry: string): readonly string[] {
  if (!/^\d+$/.test(entry)) return [];
  try {
    return readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The text with another strategy, and every other byte as it was. */
export function withStrategy(text: string, strategy: RunStrategy): string {
  return text.replace(/^( {2}runStrategy: )\w+/m, `$1${strategy}`);
}
