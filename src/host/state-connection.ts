/**
 * The line to the state database file: runs statements, says in plain words why one failed, and comes back to a file
 * that could not be written when it was opened.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Clock, Logger } from '../ports.ts';
import { isReadOnlyHandle, plainWords, StateReadError, StateWriteError } from './state-errors.ts';
import { JournalFile, StateFlush } from './state-flush.ts';
import { openStateFile, rewriteJournal, stateFilePath } from './state-open.ts';

export interface StateServices {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told after every write and flush how it went: undefined when there is nothing to complain of. */
  readonly onWriteTrouble?: (trouble: string | undefined) => void;
}

export type Row = Record<string, unknown>;

/** A file that cannot be written is opened anew not more often than this. */
const REOPEN_MS = 1000;

export class StateConnection implements Disposable {
  /** What is missing from the file although it was stored once, when it was opened first. */
  readonly lost: string | undefined;
  readonly #stateDir: string;
  readonly #services: StateServices;
  readonly #statements = new Map<string, StatementSync>();
  readonly #flush: StateFlush;
  #database: DatabaseSync;
  #journal: JournalFile;
  #isUnhurried = false;
  /** Set while the handle is one that can never write: why, and when to try for a better one (Unix ms). */
  #unwritable: { readonly reason: string; readonly tryAt: number } | undefined;

  /** @throws StateOpenError */
  constructor(stateDir: string, services: StateServices) {
    this.#stateDir = stateDir;
    this.#services = services;
    const opened = openStateFile(stateDir, services.clock);
    this.#database = opened.database;
    this.#journal = new JournalFile(stateFilePath(stateDir));
    this.#flush = new StateFlush({
      sync: () => this.#journal.sync(),
      rewrite: () => rewriteJournal(this.#database),
    });
    this.lost = opened.lost;
    if (opened.readOnly === undefined) return;
    this.#cannotWrite(opened.readOnly);
    services.onWriteTrouble?.(troubleWords(opened.readOnly));
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  /** @throws StateReadError */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    try {
      return this.#statement(sql).all(...values);
    } catch (error) {
      throw new StateReadError(`the state database cannot be read: ${plainWords(error)}`, {
        cause: error,
      });
    }
  }

  /** A statement that writes and answers with a row. @throws StateWriteError */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#writing(() => this.#statement(sql).get(...values));
  }

  /** @throws StateWriteError */
  run(sql: string, ...values: SQLInputValue[]): { lastInsertRowid: number | bigint } {
    return this.#writing(() => this.#statement(sql).run(...values));
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

  /**
   * What is written meanwhile outlives this process at once, as everything does, and a loss of the host only with the next
   * flush that somebody else asks for. Within a transaction it is as the transaction.
   */
  unhurried<T>(work: () => T): T {
    if (this.#isUnhurried || this.#isInTransaction()) return work();
    this.#isUnhurried = true;
    try {
      return work();
    } finally {
      this.#isUnhurried = false;
    }
  }

  /** Resolves once everything written so far outlasts the host. @throws StateWriteError */
  async flushed(): Promise<void> {
    const { onWriteTrouble } = this.#services;
    const wasFailed = this.#flush.isFailed;
    try {
      await this.#flush.flushed();
      if (wasFailed) onWriteTrouble?.(undefined);
    } catch (error) {
      const reason = plainWords(error);
      onWriteTrouble?.(troubleWords(reason));
      throw new StateWriteError(cannotWriteWords(reason), { cause: error });
    }
  }

  #exec(sql: string): void {
    this.#writing(() => this.#database.exec(sql));
  }

  #writing<T>(write: () => T): T {
    const { onWriteTrouble } = this.#services;
    try {
      this.#reopen();
      const result = write();
      if (!this.#flush.isFailed) onWriteTrouble?.(undefined);
      if (!this.#isUnhurried && !this.#isInTransaction()) this.#owe();
      return result;
    } catch (error) {
      const reason = this.#unwritable?.reason ?? plainWords(error);
      if (isReadOnlyHandle(error) && this.#unwritable === undefined) this.#cannotWrite(reason);
      onWriteTrouble?.(troubleWords(reason));
      throw new StateWriteError(cannotWriteWords(reason), { cause: error });
    }
  }

  /**
   * The old handle goes first: within a process SQLite goes on using what it could only open for reading.
   * @throws StateOpenError; then nothing can be read either, until it is tried again
   */
  #reopen(): void {
    if (this.#unwritable === undefined) return;
    if (this.#services.clock.now() < this.#unwritable.tryAt) return;
    if (this.#database.isOpen && this.#database.isTransaction) return;
    this.#cannotWrite(this.#unwritable.reason);
    this.#close();
    const { database, lost, readOnly } = openStateFile(this.#stateDir, this.#services.clock);
    this.#database = database;
    this.#journal = new JournalFile(stateFilePath(this.#stateDir));
    this.#unwritable = undefined;
    if (readOnly !== undefined) this.#cannotWrite(readOnly);
    else if (lost !== undefined)
      this.#services.log.warn({ lost }, 'the state database begins anew');
  }

  /** It is flushed soon, whether anybody waits for it or not. */
  #owe(): void {
    this.#flush.owe();
    // Whoever must know asks for himself.
    this.flushed().catch(() => {});
  }

  /** Takes the journal into the database. */
  #close(): void {
    this.#statements.clear();
    this.#journal[Symbol.dispose]();
    if (this.#database.isOpen) this.#database.close();
  }

  #isInTransaction(): boolean {
    return this.#database.isOpen && this.#database.isTransaction;
  }

  #cannotWrite(reason: string): void {
    this.#unwritable = { reason, tryAt: this.#services.clock.now() + REOPEN_MS };
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

function cannotWriteWords(reason: string): string {
  return `the state database cannot be written: ${reason}`;
}

function troubleWords(reason: string): string {
  return `${cannotWriteWords(reason)}; guests run on, but until it can be written none is started or stopped, and no end is judged`;
}
