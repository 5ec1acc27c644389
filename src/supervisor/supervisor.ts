/**
 * Feeds directory changes, ends of instances, requests and timers into the work queue, and owns what passes work
 * with. Makes no decision itself.
 */
import { randomUUID } from 'node:crypto';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { Evidence, QmpEvent } from '../core/model/evidence.ts';
import type { RunEntry } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { type InstancePaths, instancePaths } from '../core/paths.ts';
import type { Command } from '../core/strategy/commands.ts';
import type { StateDb } from '../host/state-db.ts';
import type { Clock, Logger } from '../ports.ts';
import { LiveInstance, type LiveInstanceDeps } from '../qemu/live-instance.ts';
import { Board } from './board.ts';
import type { Context, SupervisorSettings } from './context.ts';
import { EventLog } from './event-log.ts';
import { sweepScratch } from './evidence-store.ts';
import { GuestEvents } from './guest-events.ts';
import { commandInstance, type InstanceVerb } from './instance-command.ts';
import { pass } from './pass.ts';
import { publish } from './publish.ts';
import { Records } from './records.ts';
import { findStrays } from './strays.ts';
import { commandVm } from './vm-command.ts';
import { type FileChange, VmFiles } from './vm-files.ts';
import { WorkQueue } from './work-queue.ts';

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly db: StateDb;
  readonly random: () => number;
  readonly settings: SupervisorSettings;
}

/** A pass that failed for a reason of the host's is tried again after this. */
const RETRY_MS = 1000;

export class Supervisor implements AsyncDisposable {
  readonly #ctx: Context;
  readonly #queue: WorkQueue;
  readonly #guestEvents: GuestEvents;
  #listed = false;

  constructor(deps: SupervisorDeps) {
    const { clock, log, db, random, settings } = deps;
    this.#queue = new WorkQueue({
      pass: (key) => pass(this.#ctx, key),
      onError: (key, error) => this.#retry(key, error),
    });
    const events = new EventLog(db, clock, log);
    this.#guestEvents = new GuestEvents(events);
    this.#ctx = {
      clock,
      log,
      random,
      settings,
      records: new Records(db),
      files: new VmFiles(),
      board: new Board((count) => db.reserveResourceVersions(count)),
      events,
      queue: this.#queue,
      lives: new Map(),
      strays: new Map(),
      paths: (uid) => instancePaths(settings.stateDir, settings.runtimeDir, uid),
      listed: () => this.#listed,
      launch: (key, uid) => this.#launch(key, uid),
      adopt: (key) => this.#adopt(key),
    };
  }

  get board(): Board {
    return this.#ctx.board;
  }

  get events(): EventLog {
    return this.#ctx.events;
  }

  /** Takes over what runs, and shows every VM on record. No pass runs before the first `filesChanged` or `begin`. */
  async adopt(): Promise<void> {
    for (const key of this.#ctx.records.keys()) {
      this.#adopt(key);
      publish(this.#ctx, key);
    }
    for (const [key, stray] of findStrays(this.#ctx)) this.#ctx.strays.set(key, stray);
    await sweepScratch(this.#ctx).catch((error: unknown) =>
      this.#ctx.log.warn({ error }, 'leftovers of ended instances could not be removed'),
    );
  }

  /** The directory was listed and nothing in it is new: what is missing from it now counts as removed. */
  directoryListed(): void {
    if (this.#listed) return;
    this.#listed = true;
    this.begin();
  }

  /** Looks at every VM on record: after `adopt`, when the VM directory could not be read. */
  begin(): void {
    for (const key of this.#ctx.records.keys()) this.#queue.add(key);
  }

  /** @param listed all files of the directory at that moment */
  async filesChanged(changes: readonly FileChange[], listed: readonly string[]): Promise<void> {
    const keys = await this.#ctx.files.apply(changes, listed, this.#ctx.records.claims());
    // Shown by their passes, so that no reader sees a new spec with an old record.
    for (const key of keys) this.#queue.add(key);
    this.directoryListed();
  }

  /** @throws Refusal */
  command(id: VmIdentity, command: Command, dryRun: boolean): Promise<void> {
    return commandVm(this.#ctx, keyOf(id), command, dryRun, randomUUID);
  }

  /** @throws Refusal */
  commandInstance(id: VmIdentity, verb: InstanceVerb, dryRun: boolean): Promise<void> {
    return commandInstance(this.#ctx, keyOf(id), verb, dryRun);
  }

  /** All runs on record with their evidence, newest first. */
  runs(id: VmIdentity): readonly { readonly entry: RunEntry; readonly evidence: Evidence }[] {
    return this.#ctx.records.runs(keyOf(id));
  }

  instancePaths(uid: string): InstancePaths {
    return this.#ctx.paths(uid);
  }

  /** Instances that this daemon watches. */
  liveCount(): number {
    return this.#ctx.lives.size;
  }

  /** Source files of the VMs on record. */
  recordedFiles(): readonly string[] {
    return [...new Set([...this.#ctx.records.claims().values()].map((claim) => claim.path))];
  }

  /** Lets go of every guest; they run on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
    await Promise.all([...this.#ctx.lives.values()].map((live) => live.release()));
  }

  #retry(key: string, error: unknown): void {
    this.#ctx.log.error({ vm: key, error }, 'pass failed, to be tried again');
    this.#queue.addIn(key, RETRY_MS);
  }

  #adopt(key: string): void {
    const record = this.#ctx.records.get(key);
    if (record?.instance === undefined) return;
    const paths = this.#ctx.paths(record.instance.uid);
    this.#ctx.lives.set(key, LiveInstance.adopt(paths, this.#instanceDeps(key, record)));
  }

  #launch(key: string, uid: string): void {
    const record = this.#ctx.records.get(key);
    if (record?.instance === undefined) return;
    const { host, imagesDir } = this.#ctx.settings;
    const { namespace, name } = record;
    const live = LiveInstance.launch(
      {
        vm: { namespace, name },
        template: record.instance.template,
        spec: record.instance.spec,
        paths: this.#ctx.paths(uid),
        imagesDir,
        host,
      },
      this.#instanceDeps(key, record),
    );
    this.#ctx.lives.set(key, live);
  }

  #instanceDeps(key: string, id: VmIdentity): LiveInstanceDeps {
    return {
      clock: this.#ctx.clock,
      log: this.#ctx.log.child({ vm: key }),
      onChange: () => this.#queue.add(key),
      onEvent: (event: QmpEvent) => {
        this.#guestEvents.take(id, event, this.#ctx.records.get(key)?.instance?.uid);
        this.#queue.add(key);
      },
      consoleLogBytes: this.#ctx.settings.consoleLogBytes,
      qemuLogBytes: this.#ctx.settings.qemuLogBytes,
    };
  }
}
