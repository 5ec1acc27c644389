/**
 * What solovirt must not forget: VM records, run histories, events, counters. Every method that writes has
 * written to the disk (fsync) when it returns, or has thrown and changed nothing. Rows that no longer make
 * sense are moved out of the way and reported; one bad row costs one VM its record, not the daemon its start.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Evidence } from '../core/model/evidence.ts';
import type { RunEntry, VmRecord } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { Clock, Logger } from '../ports.ts';
import { plainWords, StateReadError, StateWriteError } from './state-errors.ts';
import { openStateFile } from './state-open.ts';
import { evidenceShape, runEntryShape, vmRecordShape } from './state-records.ts';
import { parseStored } from './state-shape.ts';

export const MAX_RUNS_PER_VM = 100;
export const MAX_EVENTS = 5000;
const MAX_UNREADABLE = 100;

export interface StoredEvent {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly instanceUid?: string;
}

export interface StoredRun {
  readonly entry: RunEntry;
  readonly evidence: Evidence;
}

interface StateServices {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told after every write how it went: undefined when it is on the disk. */
  readonly onWriteTrouble?: (trouble: string | undefined) => void;
}

type Row = Record<string, unknown>;

export class StateDb implements Disposable {
  readonly #database: DatabaseSync;
  readonly #services: StateServices;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, services: StateServices) {
    this.#database = database;
    this.#services = services;
  }

  /**
   * Opens `STATE/state.db`, made when missing.
   * @returns with `setAside` (one sentence for people) when an unusable database was moved out of the way
   * @throws StateOpenError, or StateWriteError when a new one cannot be written
   */
  static open(stateDir: string, services: StateServices): { db: StateDb; setAside?: string } {
    const opened = openStateFile(stateDir, services.clock);
    const db = new StateDb(opened.database, services);
    if (opened.setAside === undefined) return { db };
    // Versions that clients have seen must not come again: no database counts as fast as the clock.
    db.#run('INSERT INTO counters VALUES (?, ?)', 'resourceVersion', services.clock.now());
    const { path, reason } = opened.setAside;
    return {
      db,
      setAside: `the state database could not be used: ${reason}; it was moved to ${path}, and an empty one is used instead`,
    };
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** All readable records, by namespace and name. */
  vms(): VmRecord[] {
    const rows = this.#all('SELECT namespace, name, record FROM vms ORDER BY namespace, name');
    return rows.flatMap((row) => {
      const read = parseStored<VmRecord>(row['record'], vmRecordShape);
      if (read.ok && read.value.namespace === row['namespace'] && read.value.name === row['name']) {
        return [read.value];
      }
      const reason = read.ok ? 'it is stored under another name than its own' : read.reason;
      this.#setRowAside('vms', `${row['namespace']}/${row['name']}`, row['record'], reason, () =>
        this.#run('DELETE FROM vms WHERE namespace = ? AND name = ?', ...identity(row)),
      );
      return [];
    });
  }

  saveVm(record: VmRecord): void {
    this.#run(
      'INSERT INTO vms VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      record.namespace,
      record.name,
      JSON.stringify(record),
    );
  }

  /** Forgets a VM with its runs. Its events stay: they tell of the deletion. */
  deleteVm(id: VmIdentity): void {
    this.transaction(() => {
      this.#run('DELETE FROM runs WHERE namespace = ? AND name = ?', id.namespace, id.name);
      this.#run('DELETE FROM vms WHERE namespace = ? AND name = ?', id.namespace, id.name);
    });
  }

  /** Stores the end of an instance. A second call for the same instance replaces the first. */
  appendRun(id: VmIdentity, entry: RunEntry, evidence: Evidence): void {
    const { namespace, name } = id;
    this.transaction(() => {
      this.#run(
        `INSERT INTO runs (namespace, name, uid, entry, evidence) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (uid) DO UPDATE SET entry = excluded.entry, evidence = excluded.evidence`,
        namespace,
        name,
        entry.uid,
        JSON.stringify(entry),
        JSON.stringify(evidence),
      );
      this.#run(
        `DELETE FROM runs WHERE namespace = ? AND name = ? AND seq NOT IN
           (SELECT seq FROM runs WHERE namespace = ? AND name = ? ORDER BY seq DESC LIMIT ?)`,
        ...[namespace, name, namespace, name, MAX_RUNS_PER_VM],
      );
    });
  }

  /** Newest first. */
  runs(id: VmIdentity, limit = MAX_RUNS_PER_VM): StoredRun[] {
    const rows = this.#all(
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
        this.#run('DELETE FROM runs WHERE seq = ?', Number(row['seq'])),
      );
      return [];
    });
  }

  appendEvent(event: StoredEvent): void {
    this.transaction(() => {
      const { uid, namespace, name, type, reason, message, at, instanceUid } = event;
      const { lastInsertRowid } = this.#run(
        `INSERT INTO events (uid, namespace, name, type, reason, message, at, instance_uid)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[uid, namespace, name, type, reason, message, at, instanceUid ?? null],
      );
      this.#run('DELETE FROM events WHERE seq <= ?', Number(lastInsertRowid) - MAX_EVENTS);
    });
  }

  /** The latest `limit` events, oldest first. */
  events(filter: Partial<VmIdentity> = {}, limit = MAX_EVENTS): StoredEvent[] {
    const where = ['namespace', 'name'] as const;
    const given = where.flatMap((key) => (filter[key] === undefined ? [] : [[key, filter[key]]]));
    const condition = given.map(([key]) => `${key} = ?`).join(' AND ') || 'true';
    const rows = this.#all(
      `SELECT * FROM events WHERE ${condition} ORDER BY seq DESC LIMIT ?`,
      ...given.map(([, value]) => String(value)),
      limit,
    );
    return rows.reverse().map(toEvent);
  }

  /**
   * Reserves a block of resource versions for ever, whether they are used or not.
   * @returns the first of the block; at least 1, and above every number reserved before
   */
  reserveResourceVersions(count: number): number {
    const row = this.#get(
      `INSERT INTO counters VALUES ('resourceVersion', ?)
       ON CONFLICT DO UPDATE SET value = value + excluded.value RETURNING value`,
      count,
    );
    return Number(row?.['value']) - count + 1;
  }

  /** A small text kept under a name, such as the identity of the VM directory. */
  note(name: string): string | undefined {
    const value = this.#all('SELECT value FROM notes WHERE name = ?', name)[0]?.['value'];
    return typeof value === 'string' ? value : undefined;
  }

  saveNote(name: string, value: string): void {
    this.#run(
      'INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      ...[name, value],
    );
  }

  /**
   * All of `work`, which must not wait for anything, or nothing of it. Calls within it take part.
   * @throws StateWriteError, or what `work` throws
   */
  transaction<T>(work: () => T): T {
    if (this.#database.isTransaction) return work();
    this.#exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite rolls back by itself after some failures, a full disk among them.
      if (this.#database.isTransaction) this.#exec('ROLLBACK');
      throw error;
    }
  }

  /** Kept for people to look at, but out of the way. */
  #setRowAside(
    source: string,
    key: string,
    value: unknown,
    reason: string,
    remove: () => void,
  ): void {
    this.#services.log.warn({ source, key, reason }, 'stored row is unreadable and was set aside');
    this.transaction(() => {
      const { lastInsertRowid } = this.#run(
        'INSERT INTO unreadable (at, source, key, value, reason) VALUES (?, ?, ?, ?, ?)',
        ...[this.#services.clock.now(), source, key, String(value), reason],
      );
      this.#run('DELETE FROM unreadable WHERE seq <= ?', Number(lastInsertRowid) - MAX_UNREADABLE);
      remove();
    });
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    try {
      return this.#statement(sql).all(...values);
    } catch (error) {
      throw new StateReadError(`the state database cannot be read: ${plainWords(error)}`, {
        cause: error,
      });
    }
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#writing(() => this.#statement(sql).get(...values));
  }

  #run(sql: string, ...values: SQLInputValue[]): { lastInsertRowid: number | bigint } {
    return this.#writing(() => this.#statement(sql).run(...values));
  }

  #exec(sql: string): void {
    this.#writing(() => this.#database.exec(sql));
  }

  #writing<T>(write: () => T): T {
    const { onWriteTrouble } = this.#services;
    try {
      const result = write();
      onWriteTrouble?.(undefined);
      return result;
    } catch (error) {
      const words = `the state database cannot be written: ${plainWords(error)}`;
      onWriteTrouble?.(words);
      throw new StateWriteError(words, { cause: error });
    }
  }

  /** Compiled once per text. */
  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function identity(row: Row): [string, string] {
  return [String(row['namespace']), String(row['name'])];
}

function toEvent(row: Row): StoredEvent {
  return {
    uid: String(row['uid']),
    namespace: String(row['namespace']),
    name: String(row['name']),
    type: row['type'] === 'Warning' ? 'Warning' : 'Normal',
    reason: String(row['reason']),
    message: String(row['message']),
    at: Number(row['at']),
    ...(typeof row['instance_uid'] === 'string' && { instanceUid: row['instance_uid'] }),
  };
}
