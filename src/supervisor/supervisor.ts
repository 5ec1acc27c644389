/**
 * Feeds directory changes, ends of instances, requests and timers into the work queue, and owns what passes work
 * with. Makes no decision itself.
 */
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { Evidence } from '../core/model/evidence.ts';
import type { EndCount, RunEntry } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { type InstancePaths, instancePaths } from '../core/paths.ts';
import type { StateDb } from '../host/state-db.ts';
import type { Clock, Logger } from '../ports.ts';
import { Board } from './board.ts';
import type { Context, DrainingState } from './context.ts';
import { Credentials } from './credentials.ts';
import { EventLog } from './event-log.ts';
import { FileObjects } from './file-objects.ts';
import type { Ground, SupervisorSettings } from './ground.ts';
import { GuestLines } from './guest-lines.ts';
import { HostNode } from './host-node.ts';
import { bringIntoForce } from './in-force.ts';
import { Instances } from './instances.ts';
import { sweepLeftovers } from './leftovers.ts';
import { ManagedNetworks } from './managed-networks.ts';
import { Namespaces } from './namespaces.ts';
import { ParsedTexts } from './parsed-texts.ts';
import { pass } from './pass.ts';
import { Probes } from './probes.ts';
import { Provisioner } from './provisioner.ts';
import { publish, shownUid } from './publish.ts';
import { Records } from './records.ts';
import { Requests } from './requests.ts';
import { StartOrder } from './start-order.ts';
import { Stats } from './stats.ts';
import { Strays } from './strays.ts';
import { Tally } from './tally.ts';
import { Uploads } from './uploads.ts';
import { Versions } from './versions.ts';
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
  /** How much each guest uses. */
  readonly stats: Stats;
  /** Disks that are being sent. */
  readonly uploads: Uploads;
  /** The ways into running guests. */
  readonly lines: GuestLines;
  /** What clients ask of single VMs. */
  readonly requests: Requests;
  readonly #ctx: Context;
  readonly #queue: WorkQueue;
  readonly #instances: Instances;
  readonly #texts = new ParsedTexts();
  readonly #drainingListeners = new Set<() => void>();
  readonly namespaces: Namespaces;
  /** This host, as a node. */
  readonly node: HostNode;
  #listed = false;
  #draining: DrainingState | undefined;

  constructor(deps: SupervisorDeps) {
    const { clock, log, db, random, settings } = deps;
    this.#queue = new WorkQueue({
      pass: (key) => this.#ctx.tally.timed(() => pass(this.#ctx, key)),
      onError: (key, error) => this.#retry(key, error),
      // An adopted guest asks for a look as soon as it answers or is found dead, and the files are not read by then.
      held: true,
    });
    const versions = new Versions((count) => db.reserveResourceVersions(count));
    const events = new EventLog(db, versions, clock, log);
    const files = new VmFiles(this.#texts);
    const ground: Ground = {
      clock,
      log,
      random,
      settings,
      records: new Records(db, this.#texts),
      files,
      objects: new FileObjects({ files, clock, log }, versions),
      board: new Board(versions),
      events,
      tally: new Tally(),
      queue: this.#queue,
      lives: new Map(),
      paths: (uid) => instancePaths(settings.stateDir, settings.runtimeDir, uid),
      listed: () => this.#listed,
    };
    const networks = new ManagedNetworks(ground);
    this.#instances = new Instances(ground, networks, (key) => void this.lines.tidy(key));
    this.namespaces = new Namespaces(ground, versions);
    this.node = new HostNode(versions, clock.now());
    this.#ctx = {
      ...ground,
      strays: new Strays(ground.records, settings.vmsDir),
      order: new StartOrder(ground),
      probes: new Probes(ground),
      credentials: new Credentials(ground),
      provisioner: new Provisioner(ground, (key) => this.#queue.add(key)),
      networks,
      draining: () => this.#draining,
      drain: (cause) => this.drain(cause),
      launch: (key, uid) => this.#instances.launch(key, uid),
      adopt: (key) => {
        this.#instances.adopt(key);
        networks.settle();
      },
    };
    this.stats = new Stats(ground);
    this.uploads = new Uploads(ground);
    ground.board.listen((change) => ground.tally.take(change));
    this.lines = new GuestLines(this.#ctx);
    this.requests = new Requests(this.#ctx);
  }

  get board(): Board {
    return this.#ctx.board;
  }

  /** Secrets and ConfigMaps of the files. */
  get objects(): FileObjects {
    return this.#ctx.objects;
  }

  /** The networks that solovirt makes. */
  get networks(): ManagedNetworks {
    return this.#ctx.networks;
  }

  get tally(): Tally {
    return this.#ctx.tally;
  }

  get events(): EventLog {
    return this.#ctx.events;
  }

  /** Takes over what runs, and shows every VM on record. No pass runs before the first `filesChanged` or `begin`. */
  async adopt(): Promise<void> {
    for (const key of this.#ctx.records.keys()) {
      this.#instances.adopt(key);
      publish(this.#ctx, key);
    }
    this.#ctx.strays.find(this.#ctx);
    for (const stray of this.warnings()) this.#ctx.log.warn({ stray }, "a guest is nobody's");
    await sweepLeftovers(this.#ctx);
    this.#ctx.networks.adopt();
  }

  /** Looks at every VM on record: after `adopt`, when the VM directory could not be read. */
  begin(): void {
    this.#queue.open();
    for (const key of this.#ctx.records.keys()) this.#queue.add(key);
  }

  /**
   * From the first time on, what is not listed counts as removed. Once that has resolved, every VM is shown.
   * @param listed all files that are there or not yet counted as removed
   */
  async filesChanged(changes: readonly FileChange[], listed: readonly string[]): Promise<void> {
    const keys = await this.#ctx.files.apply(changes, listed, this.#ctx.records.claims());
    // Shown by their passes, so that no reader sees a new spec with an old record.
    for (const key of keys) this.#queue.add(key);
    if (this.#listed) return;
    this.#listed = true;
    await this.#showNew(keys);
    this.#texts.forget();
    this.begin();
  }

  /** What draining began with; undefined when the host is not drained. */
  get draining(): DrainingState | undefined {
    return this.#draining;
  }

  /** Stops every guest as a host shutdown does, and starts none, until `endDraining` or the end of this daemon. */
  drain(cause: DrainingState['cause']): void {
    if (this.#draining !== undefined) return;
    this.#setDraining({ since: this.#ctx.clock.now(), cause });
  }

  /** Lets run strategies act again. A stop that has begun goes on. */
  endDraining(): void {
    if (this.#draining !== undefined) this.#setDraining(undefined);
  }

  /** @returns how to stop listening */
  onDraining(listener: () => void): () => void {
    this.#drainingListeners.add(listener);
    return () => this.#drainingListeners.delete(listener);
  }

  /** All runs on record with their evidence, newest first. */
  runs(id: VmIdentity): readonly { readonly entry: RunEntry; readonly evidence: Evidence }[] {
    return this.#ctx.records.runs(keyOf(id));
  }

  /** How the runs of each VM on record ended, counted for as long as it is. */
  endCounts(): readonly EndCount[] {
    return this.#ctx.records.endCounts();
  }

  instancePaths(uid: string): InstancePaths {
    return this.#ctx.paths(uid);
  }

  /** Instances that this daemon watches. */
  liveCount(): number {
    return this.#ctx.lives.size;
  }

  /** Guests that run and are nobody's, one sentence each. */
  warnings(): readonly string[] {
    return this.#ctx.strays.warnings();
  }

  /** Source files of the VMs on record. */
  recordedFiles(): readonly string[] {
    return [...new Set([...this.#ctx.records.claims().values()].map((claim) => claim.path))];
  }

  /** Lets go of every guest; they run on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
    this.#ctx.probes[Symbol.dispose]();
    this.#ctx.provisioner[Symbol.dispose]();
    this.uploads[Symbol.dispose]();
    this.#ctx.networks[Symbol.dispose]();
    await Promise.all([...this.#ctx.lives.values()].map((live) => live.release()));
  }

  #setDraining(state: DrainingState | undefined): void {
    this.#draining = state;
    this.node.show(state);
    if (state === undefined) this.#ctx.log.info({}, 'draining is over');
    else this.#ctx.log.info({ cause: state.cause }, 'draining: all guests are stopped');
    for (const listener of this.#drainingListeners) listener();
    this.begin();
  }

  /** Whoever asks first is not to be told that there are none: a pass may start a guest before it shows its VM. */
  async #showNew(keys: readonly string[]): Promise<void> {
    const fresh = keys.filter((key) => this.board.get(key) === undefined);
    const shown = fresh.map((key) =>
      this.#queue.exclusive(key, () => {
        bringIntoForce(this.#ctx, key, () => shownUid(this.#ctx, key));
        publish(this.#ctx, key);
      }),
    );
    // Its pass comes upon the same trouble, and tells of it.
    await Promise.allSettled(shown);
  }

  #retry(key: string, error: unknown): void {
    this.#ctx.log.error({ vm: key, error }, 'pass failed, to be tried again');
    this.#queue.addIn(key, RETRY_MS);
  }
}
