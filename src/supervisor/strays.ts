/**
 * Instances that no record knows: the state database was lost, or is an older one; their evidence directories are
 * there. Each goes back to its VM once a file declares it, as if it had been the VM's all the time: one that runs,
 * because a second QEMU beside it could ruin its disks; one that has ended, because a run strategy looks at how.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstanceDescription, InstanceRecord } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { type InstancePaths, instancesDir } from '../core/paths.ts';
import { stopUnderWay } from '../core/strategy/stop-ladder.ts';
import { instanceDescriptionShape } from '../host/state-records.ts';
import { parseStored } from '../host/state-shape.ts';
import { identityOf, isInstanceAlive } from '../qemu/instance-process.ts';
import { readIntents } from '../qemu/intent.ts';
import { readJournal } from '../qemu/journal.ts';
import type { Ground } from './ground.ts';

interface Stray {
  readonly paths: InstancePaths;
  readonly vm: VmIdentity;
  readonly instance: InstanceRecord;
}

/** A QEMU that runs, but whose directory does not tell of which VM. */
interface Nameless {
  readonly paths: InstancePaths;
  readonly process: ProcessIdentity;
}

export class Strays {
  readonly #records: Ground['records'];
  readonly #vmsDir: string;
  #strays: readonly Stray[] = [];
  #nameless: readonly Nameless[] = [];

  constructor(records: Ground['records'], vmsDir: string) {
    this.#records = records;
    this.#vmsDir = vmsDir;
  }

  /** Looks through the evidence directories. Changes nothing. */
  find(ctx: Ground): void {
    const current = currentUids(ctx);
    const unknown = instanceUids(ctx.settings.stateDir)
      .filter((uid) => !current.has(uid) && !isPast(ctx, uid))
      .map((uid) => ctx.paths(uid));
    this.#strays = unknown.flatMap((paths) => strayOf(ctx, paths)).sort(inTurn);
    this.#nameless = unknown.flatMap(namelessOf);
  }

  /**
   * What is to become the VM's instance next: those that have ended, oldest first, then those that run.
   * @param since when the VM's last known run was started (Unix ms): what ended before it has no say any more
   */
  next(key: string, since = 0): InstanceRecord | undefined {
    return this.#strays.find(
      (stray) => keyOf(stray.vm) === key && (stray.instance.createdAt > since || isRunning(stray)),
    )?.instance;
  }

  /** The record knows it by now. */
  taken(uid: string): void {
    this.#strays = this.#strays.filter(({ instance }) => instance.uid !== uid);
  }

  /** True for a directory that is still to be judged. */
  has(uid: string): boolean {
    return this.#strays.some(({ instance }) => instance.uid === uid);
  }

  /** A guest of this VM that runs and is not on record; of several the newest. */
  running(key: string): InstanceRecord | undefined {
    return this.#running().find(({ vm }) => keyOf(vm) === key)?.instance;
  }

  /** What an operator has to know, one sentence each. */
  warnings(): readonly string[] {
    const strangers = this.#nameless.filter(({ process, paths }) =>
      isInstanceAlive(process, paths),
    );
    return [
      ...this.#running().map((stray) => this.#words(stray)),
      ...strangers.map(
        ({ process, paths }) =>
          `a QEMU runs (pid ${process.pid}) whose VM cannot be told, because ${paths.description} is missing or damaged; nothing is done to it: \`kill ${process.pid}\` ends it`,
      ),
    ];
  }

  #running(): readonly Stray[] {
    return this.#strays.filter(isRunning);
  }

  #words({ vm, instance }: Stray): string {
    const key = keyOf(vm);
    const pid = instance.process?.pid;
    const guest = `a guest of VM ${key} runs (pid ${pid}, instance ${instance.uid})`;
    return this.#records.get(key)?.instance === undefined
      ? `${guest} that no valid file declares and no record knows; nothing is done to it: declare the VM in ${this.#vmsDir} again to have it taken over (under runStrategy Halted it is then shut down), or end it with \`kill ${pid}\``
      : `${guest} beside the one on record; nothing is done to it: \`kill ${pid}\` ends it`;
  }
}

/** Of several that run the newest comes first: the VM has room for one. */
function inTurn(a: Stray, b: Stray): number {
  const runs = isRunning(a);
  if (runs !== isRunning(b)) return runs ? 1 : -1;
  const age = a.instance.createdAt - b.instance.createdAt;
  return runs ? -age : age;
}

function isRunning({ instance, paths }: Stray): boolean {
  return instance.process !== undefined && isInstanceAlive(instance.process, paths);
}

export function instanceUids(stateDir: string): readonly string[] {
  try {
    return readdirSync(instancesDir(stateDir)).filter(isUid);
  } catch {
    return [];
  }
}

/** Other names are not ours. */
export function isUid(name: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);
}

/** Of the instances that are some VM's at present. */
export function currentUids({ records }: Pick<Ground, 'records'>): ReadonlySet<string> {
  return new Set(records.keys().flatMap((key) => records.get(key)?.instance?.uid ?? []));
}

/** A run counts as forgotten with the record of its VM. */
function isPast({ records }: Ground, uid: string): boolean {
  const vm = records.vmOfRun(uid);
  return vm !== undefined && records.get(keyOf(vm)) !== undefined;
}

function strayOf(ctx: Ground, paths: InstancePaths): Stray[] {
  const description = readDescription(paths);
  if (description === undefined) return [];
  const process = identityOf(paths, undefined);
  const resumedAt = readJournal(paths.events).find(({ event }) => event === 'RESUME')?.at;
  if (process === undefined && resumedAt === undefined) return [];
  return [{ paths, vm: description.vm, instance: recordOf(ctx, paths, description, resumedAt) }];
}

/** As far as the directory tells. */
function recordOf(
  { clock }: Ground,
  paths: InstancePaths,
  { uid, template, spec, networks = [], startPaused, vsockCid }: InstanceDescription,
  resumedAt: number | undefined,
): InstanceRecord {
  const process = identityOf(paths, undefined);
  const stop = stopUnderWay(readIntents(paths));
  const createdAt = Math.round(statSync(paths.description).mtimeMs);
  return {
    uid,
    phase: resumedAt === undefined ? 'Scheduled' : 'Running',
    createdAt,
    startedAt: createdAt,
    startPaused: startPaused ?? spec.startPaused,
    gracePeriodSeconds: spec.gracePeriodSeconds,
    acpi: spec.acpi,
    template,
    spec,
    ...(vsockCid === undefined ? {} : { vsockCid }),
    ...(networks.length === 0 ? {} : { networks }),
    pausedByUser: false,
    ...(resumedAt === undefined ? {} : { runningAt: resumedAt }),
    ...(process === undefined ? {} : { process }),
    ...(stop === undefined ? {} : { stop }),
    // QEMU may have been told to survive a reset of ours.
    ...(spec.rebootPolicy === 'Terminate' ? { resetAt: clock.now() } : {}),
  };
}

function namelessOf(paths: InstancePaths): Nameless[] {
  if (readDescription(paths) !== undefined) return [];
  const process = identityOf(paths, undefined);
  return process !== undefined && isInstanceAlive(process, paths) ? [{ paths, process }] : [];
}

/** @returns undefined when it is missing, damaged, or of another instance */
export function readDescription(
  paths: Pick<InstancePaths, 'uid' | 'description'>,
): InstanceDescription | undefined {
  try {
    const text = readFileSync(paths.description, 'utf8');
    const read = parseStored<InstanceDescription>(text, instanceDescriptionShape);
    return read.ok && read.value.uid === paths.uid ? read.value : undefined;
  } catch {
    return undefined;
  }
}
