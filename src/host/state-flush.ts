/**
 * Takes what was committed to the disk without holding up the event loop. SQLite itself would flush its journal within each
 * commit; here commits only hand it to the kernel, so that it outlives this process at once, and one flush of the
 * journal file serves all that were made before it began.
 */
import { closeSync, fdatasync, openSync } from 'node:fs';
import { errorCode } from '../core/thrown.ts';

export interface FlushPort {
  /** Flushes the journal. Rejects when the disk does not take it. */
  readonly sync: () => Promise<void>;
  /**
   * After a failed flush the kernel counts the lost pages as written, and a later flush would succeed without them
   * (fsync(2)): everything has to be written anew. Throws when that fails, too.
   */
  readonly rewrite: () => void;
}

export class StateFlush {
  readonly #port: FlushPort;
  /** Commits that must outlast the host, and how many of them do. */
  #owed = 0;
  #done = 0;
  #isFailed = false;
  #current: Promise<void> = Promise.resolve();
  /** Waits for the current one, so that commits made meanwhile are in it. */
  #next: Promise<void> | undefined;

  constructor(port: FlushPort) {
    this.#port = port;
  }

  /** The last flush failed. */
  get isFailed(): boolean {
    return this.#isFailed;
  }

  /** Something that must outlast the host was committed. */
  owe(): void {
    this.#owed += 1;
  }

  /** Resolves once everything owed so far outlasts the host. Rejects with what the port has against it. */
  flushed(): Promise<void> {
    if (this.#done >= this.#owed) return Promise.resolve();
    this.#next ??= this.#round();
    return this.#next;
  }

  async #round(): Promise<void> {
    await this.#current.catch(() => {});
    // What is committed in the same turn of the event loop takes part.
    await new Promise<void>((next) => setImmediate(next));
    const round = this.#flush(this.#owed);
    this.#current = round;
    this.#next = undefined;
    await round;
  }

  async #flush(upTo: number): Promise<void> {
    try {
      if (this.#isFailed) this.#port.rewrite();
      else await this.#port.sync().catch(() => this.#port.rewrite());
      this.#isFailed = false;
      this.#done = upTo;
    } catch (error) {
      this.#isFailed = true;
      throw error;
    }
  }
}

/**
 * The journal of a database (https://sqlite.org/wal.html), which stays the same file for as long as a connection is open.
 * It may be opened beside SQLite: its locks are on the other files.
 */
export class JournalFile implements Disposable {
  readonly #path: string;
  #file: number | undefined;
  #users = 0;
  #isClosed = false;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** Without a journal nothing is in it. */
  async sync(): Promise<void> {
    const file = this.#open();
    if (file === undefined) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#users += 1;
    fdatasync(file, (error) => {
      this.#users -= 1;
      this.#settle();
      if (error === null) resolve();
      else reject(error);
    });
    await promise;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#settle();
  }

  #open(): number | undefined {
    if (this.#isClosed) return undefined;
    try {
      this.#file ??= openSync(this.#path, 'r');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    return this.#file;
  }

  /** A descriptor that is closed while it is being flushed could be another file's by then. */
  #settle(): void {
    if (!this.#isClosed || this.#users > 0 || this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
  }
}
