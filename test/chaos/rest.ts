/** What holds once nothing is asked of the fleet any more: found out again and again until it does, or a deadline. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, items, type Run, runsPath, type Vm } from './api.ts';
import type { VmPage } from './book.ts';
import { readConsole } from './console.ts';
import { explain } from './explain.ts';
import type { Observer } from './observer.ts';
import { type Process, processesOf, type Qemu, qemusAmong, textOf } from './proc.ts';
import type { Stage } from './stage.ts';
import { Violation } from './story.ts';
import { type World, wantsStart } from './strategy-model.ts';

const AT_REST_WITHIN_MS = 180_000;
/** Runs of a VM whose files are kept. */
const KEPT_RUNS = 3;

interface Trouble {
  readonly vm?: string;
  readonly invariant: string;
  readonly message: string;
}

interface Sight {
  readonly vms: readonly Vm[];
  readonly processes: readonly Process[];
  readonly qemus: readonly Qemu[];
}

export class Rest {
  readonly #stage: Stage;
  readonly #observer: Observer;
  /** How the console of an instance ended when rest was first looked for. */
  #consoles = new Map<string, number>();
  checks = 0;

  constructor(stage: Stage, observer: Observer) {
    this.#stage = stage;
    this.#observer = observer;
  }

  /** @throws Violation when there is no rest in time */
  async reach(): Promise<void> {
    this.#consoles = new Map();
    const deadline = Date.now() + AT_REST_WITHIN_MS;
    let troubles: readonly Trouble[] = [];
    while (Date.now() < deadline) {
      troubles = await this.#look();
      this.checks += 1;
      if (troubles.length === 0) return;
      await sleep(300);
    }
    const [first] = troubles;
    for (const trouble of troubles) this.#stage.story.tell('no rest', { ...trouble });
    throw new Violation(first?.invariant ?? 'rest', first?.message ?? '', first?.vm);
  }

  async #look(): Promise<readonly Trouble[]> {
    const { place, book } = this.#stage;
    const processes = processesOf(place.dir);
    const vms = await this.#observer.look();
    if (vms === undefined)
      return [{ invariant: 'the daemon answers', message: 'there is no answer' }];
    const again = processesOf(place.dir);
    // Whatever started or ended meanwhile makes the two sights differ.
    if (JSON.stringify(processes) !== JSON.stringify(again))
      return [{ invariant: 'the fleet rests', message: 'processes come and go' }];
    const sight = { vms, processes, qemus: qemusAmong(processes) };
    const perVm = [...book.pages.values()].flatMap((page) => this.#atVm(page, sight));
    const troubles = [...perVm, ...this.#leftovers(sight)];
    return troubles.length > 0 ? troubles : await this.#settle();
  }

  #atVm(page: VmPage, { vms, qemus }: Sight): readonly Trouble[] {
    const { name } = page.member;
    const vm = vms.find(({ metadata }) => metadata.name === name);
    const trouble = (invariant: string, message: string): Trouble[] => [
      { vm: name, invariant, message },
    ];
    if (page.file.text === undefined)
      return vm === undefined ? [] : trouble('removed VMs go', JSON.stringify(vm.status));
    if (vm === undefined) return trouble('declared VMs are listed', 'it is not');
    const unrest = restless(vm, page);
    if (unrest !== undefined)
      return trouble('every VM comes to rest', `${unrest}: ${JSON.stringify(vm.status)}`);
    const uid = vm.status.instance?.uid;
    const qemu = qemus.find((candidate) => candidate.vm === name);
    if (qemu?.uid !== uid)
      return trouble('QEMUs are the instances', `API: ${uid}, /proc: ${qemu?.uid}`);
    return [
      ...this.#strategyHolds(page, vm),
      ...(uid === undefined ? [] : this.#insideOf(page, vm, uid)),
    ];
  }

  #strategyHolds(page: VmPage, vm: Vm): readonly Trouble[] {
    const worlds = worldsNow(page).filter((world) => matches(world, vm));
    if (worlds.length > 0) return [];
    const all = worldsNow(page);
    const message =
      all.length === 0
        ? `what happened cannot be explained: from ${JSON.stringify(page.worlds)} by ${told(page)}`
        : `it stands as ${JSON.stringify(vm.status)}, but should as ${JSON.stringify(all)}, after ${told(page)}`;
    return [{ vm: page.member.name, invariant: 'the strategy table holds', message }];
  }

  /** The guest itself is a witness: of its boots, of its going on, and of its disk. */
  #insideOf(page: VmPage, vm: Vm, uid: string): readonly Trouble[] {
    const { place, book } = this.#stage;
    const { name, guest, hostDisk } = page.member;
    const startedAt = Date.parse(vm.status.instance?.startedAt ?? '');
    const console = readConsole(join(place.instance(uid), 'console.log'));
    const trouble = (invariant: string, message: string): Trouble[] => [
      { vm: name, invariant, message: `instance ${uid}: ${message}` },
    ];
    const { runState } = vm.status.instance ?? {};
    const allowed = book.boots(name, uid, startedAt, Date.now());
    if (console.boots.length > allowed && (guest === 'witness' || guest === 'linux'))
      return trouble(
        'a guest boots only when it is made to',
        `booted ${console.boots.length} times (${console.boots.join(' ')}), expected ${allowed} at most`,
      );
    const mayPause = book.doneTo(name, uid, startedAt, Date.now()).some(({ pauses }) => pauses);
    if ((runState === 'paused' || runState === 'prelaunch') && !mayPause)
      return trouble('a guest pauses only when it is told to', `it is ${runState}`);
    if (console.robbed)
      return trouble('a guest has its disk for itself', 'another has booted from it');
    const runs = runState === 'running';
    // On a full disk the line that tells of it is lost.
    const silenced = book.isFull(startedAt, Date.now());
    if (guest === 'linux' && runs && console.boots.length === 0 && !silenced)
      return trouble('a guest that runs comes up', 'it does not');
    if (guest !== 'witness') return [];
    const seen = this.#consoles.get(uid);
    if (seen === undefined) this.#consoles.set(uid, console.length);
    if (runs && (seen === undefined || console.length <= seen))
      return trouble('a guest that runs goes on', 'its clock stands still');
    if (hostDisk && runs && !silenced) {
      const disk = readFileSync(place.hostDisk(name)).readUInt32LE(512 + 4);
      const id = disk.toString(16).toUpperCase().padStart(8, '0');
      if (id !== console.boots.at(-1))
        return trouble(
          'an image is that of its guest',
          `the disk says boot ${id}, the console ${console.boots.join(' ')}`,
        );
    }
    return [];
  }

  #leftovers({ vms, processes, qemus }: Sight): readonly Trouble[] {
    const { place, daemon, book } = this.#stage;
    const live = new Set(qemus.map(({ uid }) => uid));
    const parents = new Set(qemus.map(({ parent }) => parent));
    const strangers = processes.filter(
      ({ pid }) =>
        pid !== daemon.pid && !parents.has(pid) && !qemus.some((qemu) => qemu.pid === pid),
    );
    const kept = new Set(
      vms.flatMap(({ status }) => status.runHistory.slice(0, KEPT_RUNS).map(({ uid }) => uid)),
    );
    const files = [...book.pages.values()]
      .filter(({ file }) => file.text !== undefined)
      .map(({ member }) => `${member.name}.yaml`);
    const left: readonly (readonly [string, readonly string[]])[] = [
      ['no process is left over', strangers.map(({ pid, argv }) => `${pid} ${argv.join(' ')}`)],
      ['no socket is left over', names(join(place.runtime, 'i')).filter((uid) => !live.has(uid))],
      [
        'no directory is left over',
        names(join(place.state, 'instances')).filter((uid) => !live.has(uid) && !kept.has(uid)),
      ],
      ['no file is left over', names(place.vms).filter((name) => !files.includes(name))],
      ['no file is left over', names(place.state).filter((name) => !STATE_FILES.has(name))],
      ['no file is left over', names(place.runtime).filter((name) => !RUNTIME_FILES.has(name))],
    ];
    return left
      .filter(([, what]) => what.length > 0)
      .map(([invariant, what]) => ({ invariant, message: what.join(', ') }));
  }

  /** Everything holds: the histories are read in full, and the next round begins from here. */
  async #settle(): Promise<readonly Trouble[]> {
    const { book, place } = this.#stage;
    const { histories } = this.#observer;
    for (const page of book.pages.values()) {
      const { name } = page.member;
      if (page.file.text === undefined) continue;
      const ran = histories.ran(name);
      const answer = await ask(place.socket, 'GET', runsPath(name));
      if (answer?.code !== 200)
        return [{ vm: name, invariant: 'the daemon answers', message: `runs: ${answer?.code}` }];
      histories.checkRuns(name, items<Run>(answer), ran);
    }
    for (const page of book.pages.values()) turnPage(page);
    return [];
  }
}

/** What the next round begins from. A VM that runs and ends all the time may go on meanwhile. */
function turnPage(page: VmPage): void {
  page.worlds = worldsNow(page);
  page.facts = [];
}

function worldsNow(page: VmPage): readonly World[] {
  const now = Date.now();
  return explain(
    page.worlds,
    page.facts.map((fact) => ({ ...fact, to: Math.min(fact.to, now) })),
  );
}

function told(page: VmPage): string {
  return page.facts.map((fact) => JSON.stringify(fact)).join('\n');
}

/** Runs and ends all the time for as long as its strategy lets it. */
function neverRests({ member }: VmPage): boolean {
  return ['off-after', 'panic', 'watchdog'].includes(member.guest);
}

function restless(vm: Vm, page: VmPage): string | undefined {
  const { printableStatus, instance, stateChangeRequests, conditions, problems } = vm.status;
  if (stateChangeRequests !== undefined) return 'something is asked for';
  if (vm.metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  if (problems?.some(({ severity }) => severity === 'error') === true) return 'its file has errors';
  if (conditions.some(({ type }) => type === 'MonitorUnresponsive')) return 'its QEMU is silent';
  if (instance !== undefined && instance.phase !== 'Running') return 'it comes up';
  if (neverRests(page)) return undefined;
  if (instance === undefined) return printableStatus === 'Stopped' ? undefined : 'it is to start';
  const { runState = 'unknown' } = instance;
  // A guest that was started paused has never run.
  return ['running', 'paused', 'prelaunch'].includes(runState)
    ? undefined
    : 'its guest does not run';
}

function matches(world: World, vm: Vm): boolean {
  const { instance, runStrategy } = vm.status;
  if (world.removed || world.strategy !== runStrategy || world.live !== instance?.uid) return false;
  if (world.live !== undefined) return world.stop === undefined && world.strategy !== 'Halted';
  return wantsStart(world) ? vm.status.printableStatus !== 'Stopped' : true;
}

const STATE_FILES = new Set([
  'state.db',
  'state.db-wal',
  'state.db-shm',
  'lock.db',
  'lock.db-journal',
  'lock.pid',
  'instances',
]);
const RUNTIME_FILES = new Set(['solovirt-ro.sock', 's', 'i']);

function names(dir: string): readonly string[] {
  return textOf(dir) === undefined ? list(dir) : [];
}

function list(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
