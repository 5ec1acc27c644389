/**
 * What solovirt must not forget: VM records, run histories, events, counters. Every method that writes has handed it to
 * the kernel when it returns, so that it outlives the daemon, or has thrown and changed nothing; it goes to the disk soon,
 * and has for certain after `flushed`, unless it may be lost with the host. Rows that no longer make sense are moved out of
 * the way and reported; one bad row costs one VM its record, not the daemon its start.
 */
import type { Evidence } from '../core/model/evidence.ts';
import type { EndCount, RunEntry, VmRecord } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { instancesDir } from '../core/paths.ts';
import { type Row, StateConnection, type StateServices } from './state-connection.ts';
import { countEnd, endCounts, forgetEnds } from './state-ends.ts';
import { StateWriteError } from './state-errors.ts';
import { events, MAX_EVENTS, type StoredEvent, saveEvent } from './state-events.ts';
import { evidenceShape, runEntryShape, vmRecordShape } from './state-records.ts';
import { parseStored } from './state-shape.ts';

export const MAX_RUNS_PER_VM = 100;
const MAX_UNREADABLE = 100;

export interface StoredRun {
  readonly entry: RunEntry;
  readonly evidence: Evidence;
}

const VERSIONS = 'resourceVersion';

export class StateDb implements Disposable {
  readonly #connection: StateConnection;
  readonly #services: StateServices;
  /** Resource versions up to this one may be in use, although the file does not know of them. */
  #owedVersion: number;

  private constructor(connection: StateConnection, services: StateServices) {
    this.#connection = connection;
    this.#services = services;
    // Versions that clients have seen must not come again: no database counts as fast as the clock.
    this.#owedVersion = connection.lost === undefined ? 0 : services.clock.now();
  }

  /**
   * Opens `STATE/state.db`, made when missing. On a full or read-only disk it can only be read; every write is then
   * an attempt to open it anew.
   * @returns with `lost` (words for people) when stored things are missing from it
   * @throws StateOpenError
   */
  static open(stateDir: string, services: StateServices): { db: StateDb; lost?: string } {
    const connection = new StateConnection(stateDir, services);
    const db = new StateDb(connection, services);
    const { lost } = connection;
    return { db, ...(lost === undefined ? {} : { lost: lost + lostWords(stateDir) }) };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** All readable records, by namespace and name. */
  vms(): VmRecord[] {
    const rows = this.#connection.all(
      'SELECT namespace, name, record FROM vms ORDER BY namespace, name',
    );
    return rows.flatMap((row) => {
      const read = parseStored<VmRecord>(row['record'], vmRecordShape);
      if (read.ok && read.value.namespace === row['namespace'] && read.value.name === row['name']) {
        return [read.value];
      }
      const reason = read.ok ? 'it is stored under another name than its own' : read.reason;
      this.#setRowAside('vms', `${row['namespace']}/${row['name']}`, row['record'], reason, () =>
        this.#connection.run('DELETE FROM vms WHERE namespace = ? AND name = ?', ...identity(row)),
      );
      return [];
    });
  }

  /** @param unhurried the change may be lost with the host */
  saveVm(record: VmRecord, { unhurried = false } = {}): void {
    if (unhurried) this.#connection.unhurried(() => this.#saveVm(record));
    else this.#saveVm(record);
  }

  #saveVm(record: VmRecord): void {
    this.#connection.run(
      'INSERT INTO vms VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      record.namespace,
      record.name,
      JSON.stringify(record),
    );
  }

  /** Forgets a VM with its runs. Its events stay: they tell of the deletion. */
  deleteVm(id: VmIdentity): void {
    this.transaction(() => {
      this.#connection.run(
        'DELETE FROM runs WHERE namespace = ? AND name = ?',
        id.namespace,
        id.name,
      );
      forgetEnds(this.#connection, id);
      this.#connection.run(
        'DELETE FROM vms WHERE namespace = ? AND name = ?',
        id.namespace,
        id.name,
      );
    });
  }

  /** Stores the end of an instance. A second call for the same instance replaces the first. */
  appendRun(id: VmIdentity, entry: RunEntry, evidence: Evidence): void {
    const { namespace, name } = id;
    this.transaction(() => {
      const isKnown = this.vmOfRun(entry.uid) !== undefined;
      if (!isKnown) countEnd(this.#connection, id, entry.verdict);
      this.#connection.run(
        `INSERT INTO runs (namespace, name, uid, entry, evidence) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (uid) DO UPDATE SET entry = excluded.entry, evidence = excluded.evidence`,
        namespace,
        name,
        entry.uid,
        JSON.stringify(entry),
        JSON.stringify(evidence),
      );
      this.#connection.run(
        `DELETE FROM runs WHERE namespace = ? AND name = ? AND seq NOT IN
           (SELECT seq FROM runs WHERE namespace = ? AND name = ? ORDER BY seq DESC LIMIT ?)`,
        ...[namespace, name, namespace, name, MAX_RUNS_PER_VM],
      );
    });
  }

  /** Newest first. */
  runs(id: VmIdentity, limit = MAX_RUNS_PER_VM): StoredRun[] {
    const rows = this.#connection.all(
      'SELECT seq, uid, entry, evidence FROM runs WHERE namespace = ? AND name = ? ORDER BY seq DESC LIMIT ?',
      ...[id.namespace, id.name, limit],
    );
    return rows.flatMap((row) => {
      const entry = parseStored<RunEntry>(row['entry'], runEntryShape);
      const evidence = parseStored<Evidence>(row['evidence'], evidenceShape);
      if (entry.ok && evidence.ok) return [{ entry: entry.value, evidence: evidence.value }];
      const reason = entry.ok ? (evidence.ok ? '' : evidence.reason) : entry.reason;
      const value = JSON.stringify([row['entry'], row['evidence']]);
      this.#setRowAside('runs', `${id.namespace}/${id.name}/${row['uid']}`, value, reason, () =>
        this.#connection.run('DELETE FROM runs WHERE seq = ?', Number(row['seq'])),
      );
      return [];
    });
  }

  /** Whose run it was; undefined when there is none with this uid. */
  vmOfRun(uid: string): VmIdentity | undefined {
    const row = this.#connection.all('SELECT namespace, name FROM runs WHERE uid = ?', uid)[0];
    if (row === undefined) return undefined;
    const [namespace, name] = identity(row);
    return { namespace, name };
  }

  /** Over all runs since the VM came on record, also those that are no longer kept. */
  endCounts(): EndCount[] {
    return endCounts(this.#connection);
  }

  /** Stores an event, or that it happened again. The latest ones may be lost with the host. */
  saveEvent(event: StoredEvent): void {
    this.#connection.unhurried(() => this.transaction(() => saveEvent(this.#connection, event)));
  }

  /** The latest `limit` events, oldest first. */
  events(filter: Partial<VmIdentity> = {}, limit = MAX_EVENTS): StoredEvent[] {
    return events(this.#connection, filter, limit);
  }

  /**
   * Reserves a block of resource versions for ever, whether they are used or not. While nothing can be stored the
   * clock gives them: readers must see what changes all the same.
   * @returns the first of the block; at least 1, and above every number reserved before
   */
  reserveResourceVersions(count: number): number {
    try {
      const row = this.#connection.get(
        `INSERT INTO counters VALUES (?1, ?2 + ?3)
         ON CONFLICT DO UPDATE SET value = MAX(value, ?2) + ?3 RETURNING value`,
        ...[VERSIONS, this.#owedVersion, count],
      );
      this.#owedVersion = 0;
      return Number(row?.['value']) - count + 1;
    } catch (error) {
      if (!(error instanceof StateWriteError)) throw error;
      const first =
        Math.max(this.#storedVersion(), this.#owedVersion, this.#services.clock.now()) + 1;
      this.#owedVersion = first + count - 1;
      return first;
    }
  }

  #storedVersion(): number {
    const row = this.#connection.all('SELECT value FROM counters WHERE name = ?', VERSIONS)[0];
    return Number(row?.['value'] ?? 0);
  }

  /** A small text kept under a name, such as the identity of the VM directory. */
  note(name: string): string | undefined {
    const value = this.#connection.all('SELECT value FROM notes WHERE name = ?', name)[0]?.[
      'value'
    ];
    return typeof value === 'string' ? value : undefined;
  }

  saveNote(name: string, value: string): void {
    this.#connection.run(
      'INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      ...[name, value],
    );
  }

  /**
   * All of `work`, which must not wait for anything, or nothing of it. Calls within it take part.
   * @throws StateWriteError, or what `work` throws
   */
  transaction<T>(work: () => T): T {
    return this.#connection.transaction(work);
  }

  /** Resolves once everything stored so far is on the disk (fsync). @throws StateWriteError */
  flushed(): Promise<void> {
    return this.#connection.flushed();
  }

  /** Kept for people to look at, but out of the way. */
  #setRowAside(
    source: string,
    key: string,
    value: unknown,
    reason: string,
    remove: () => void,
  ): void {
    const { log } = this.#services;
    log.warn({ source, key, reason }, 'stored row is unreadable and was set aside');
    try {
      this.transaction(() => {
        const { lastInsertRowid } = this.#connection.run(
          'INSERT INTO unreadable (at, source, key, value, reason) VALUES (?, ?, ?, ?, ?)',
          ...[this.#services.clock.now(), source, key, String(value), reason],
        );
        this.#connection.run(
          'DELETE FROM unreadable WHERE seq <= ?',
          Number(lastInsertRowid) - MAX_UNREADABLE,
        );
        remove();
      });
    } catch (error) {
      if (!(error instanceof StateWriteError)) throw error;
      log.warn({ source, key, error }, 'unreadable row stays where it is');
    }
  }
}

function lostWords(stateDir: string): string {
  return `; lost: runs before the last ones of each VM, backoff waits, queued starts, events; not lost: VM files, guests that run, and how the last ones ended, for these are read from ${instancesDir(stateDir)}`;
}

function identity(row: Row): [string, string] {
  return [String(row['namespace']), String(row['name'])];
}
