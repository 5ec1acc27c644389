/**
 * The records of all VMs: a mirror in memory of the state database, which is always written first. What was not
 * stored did not happen. What was, goes to the disk by itself; what must not be done before it has, waits for `flushed`.
 */
import { type Claims, keyOf } from '../core/catalogue/catalogue.ts';
import type { Evidence } from '../core/model/evidence.ts';
import type { EndCount, RunEntry, VmRecord } from '../core/model/record.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import { mustOutlastHost } from '../core/strategy/durability.ts';
import type { StateDb } from '../host/state-db.ts';
import { StateWriteError } from '../host/state-errors.ts';
import type { ParsedTexts } from './parsed-texts.ts';

/** Entries of the history that a snapshot shows. */
const SHOWN_RUNS = 10;

export class Records {
  readonly #db: StateDb;
  readonly #texts: ParsedTexts;
  readonly #records = new Map<string, VmRecord>();
  readonly #claims = new Map<string, { readonly identity: VmIdentity; readonly path: string }>();
  readonly #unstored = new Set<string>();
  readonly #lastGood = new Map<string, VirtualMachine>();
  readonly #histories = new Map<string, readonly RunEntry[]>();

  constructor(db: StateDb, texts: ParsedTexts) {
    this.#db = db;
    this.#texts = texts;
    for (const record of db.vms()) this.#remember(record);
  }

  get(key: string): VmRecord | undefined {
    return this.#records.get(key);
  }

  keys(): readonly string[] {
    return [...this.#records.keys()];
  }

  /** For each VM the file that declared it last; kept up to date. */
  claims(): Claims {
    return this.#claims;
  }

  /**
   * @param unhurried the change may be lost with the host; unless given, `core` says so
   * @throws StateWriteError, and then nothing has changed
   */
  save(record: VmRecord, { unhurried }: { readonly unhurried?: boolean } = {}): void {
    const before = this.#records.get(keyOf(record));
    this.#db.saveVm(record, { unhurried: unhurried ?? !mustOutlastHost(before, record) });
    this.#remember(record);
  }

  /**
   * Stores what somebody asks for, who is told so only once it outlasts the host.
   * @throws StateWriteError, and then nothing has changed
   */
  async saveForGood(record: VmRecord): Promise<void> {
    const key = keyOf(record);
    const before = this.#records.get(key);
    this.save(record);
    try {
      await this.flushed();
    } catch (error) {
      if (before !== undefined && this.#records.get(key) === record) this.take(before);
      throw error;
    }
  }

  /** Resolves once everything stored so far outlasts the host. @throws StateWriteError */
  flushed(): Promise<void> {
    return this.#db.flushed();
  }

  /**
   * Takes in what is so whether it is stored or not, such as a guest that runs. If it cannot be stored now, `settle`
   * tries again.
   */
  take(record: VmRecord): void {
    try {
      this.save(record);
    } catch (error) {
      if (!(error instanceof StateWriteError)) throw error;
      this.#remember(record);
      this.#unstored.add(keyOf(record));
    }
  }

  /** @returns false while something that was taken in is not stored */
  settle(key: string): boolean {
    const record = this.#records.get(key);
    if (record !== undefined && this.#unstored.has(key)) this.take(record);
    return !this.#unstored.has(key);
  }

  /** A finished instance: history and record change together. */
  saveEnd(record: VmRecord, run: RunEntry, evidence: Evidence): void {
    this.#db.transaction(() => {
      this.#db.appendRun(record, run, evidence);
      this.#db.saveVm(record);
    });
    this.#remember(record);
    const key = keyOf(record);
    // A run of a lost record can be judged a second time.
    const others = this.history(key).filter(({ uid }) => uid !== run.uid);
    this.#histories.set(key, [run, ...others].slice(0, SHOWN_RUNS));
  }

  forget(key: string): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    this.#db.deleteVm(record);
    this.#records.delete(key);
    this.#claims.delete(key);
    this.#lastGood.delete(key);
    this.#histories.delete(key);
  }

  /** Last runs, newest first. */
  history(key: string): readonly RunEntry[] {
    const known = this.#histories.get(key);
    if (known !== undefined) return known;
    const record = this.#records.get(key);
    if (record === undefined) return [];
    const runs = this.#db.runs(record, SHOWN_RUNS).map(({ entry }) => entry);
    this.#histories.set(key, runs);
    return runs;
  }

  /** Whose run it was, also when its VM is not on record any more. */
  vmOfRun(uid: string): VmIdentity | undefined {
    return this.#db.vmOfRun(uid);
  }

  endCounts(): readonly EndCount[] {
    return this.#db.endCounts();
  }

  /** All runs with their evidence, newest first. */
  runs(key: string): readonly { readonly entry: RunEntry; readonly evidence: Evidence }[] {
    const record = this.#records.get(key);
    return record === undefined ? [] : this.#db.runs(record);
  }

  /** The last valid document, in force while the file is broken. */
  lastGood(key: string): VirtualMachine | undefined {
    const known = this.#lastGood.get(key);
    if (known !== undefined) return known;
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    const vm = this.#texts.parse(record.source.text).documents[0]?.vm;
    if (vm !== undefined) this.#lastGood.set(key, vm);
    return vm;
  }

  setLastGood(key: string, vm: VirtualMachine): void {
    this.#lastGood.set(key, vm);
  }

  #remember(record: VmRecord): void {
    const { namespace, name, source } = record;
    const key = keyOf(record);
    this.#unstored.delete(key);
    this.#records.set(key, record);
    if (this.#claims.get(key)?.path !== source.path)
      this.#claims.set(key, { identity: { namespace, name }, path: source.path });
  }
}
