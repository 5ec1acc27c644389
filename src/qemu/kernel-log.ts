/**
 * The kernel's log, as far as it tells of OOM kills. What was read stays known, and the next look reads on from there: a
 * full log takes a dozen milliseconds, and nobody who is to be started again has to wait for that.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCode } from '../core/thrown.ts';
import { type KernelRecord, oomVictim, parseKernelRecord } from './oom-parse.ts';

/** One record never is longer (CONSOLE_EXT_LOG_MAX is 8192). */
const RECORD_BYTES = 8192;
const RECORDS_PER_TURN = 100;
/** The latest. */
const MOST_KILLS = 1000;

export interface OomKills {
  /** Records that name a victim, oldest first. */
  readonly kills: readonly KernelRecord[];
  /** Since when nothing is missing, by the kernel log's clock; undefined when the log is empty. */
  readonly sinceMs: number | undefined;
}

export class KernelLog implements Disposable {
  readonly #path: string;
  #fd: number | undefined;
  #kills: readonly KernelRecord[] = [];
  #sinceMs: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path = '/dev/kmsg') {
    this.#path = path;
  }

  /** Undefined when we may not read the log. */
  look(): Promise<OomKills | undefined> {
    const look = this.#last.then(() => this.#look());
    this.#last = look;
    return look;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  async #look(): Promise<OomKills | undefined> {
    try {
      this.#fd ??= openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    const buffer = Buffer.alloc(RECORD_BYTES);
    for (let count = 1; ; count += 1) {
      const text = readRecord(this.#fd, buffer);
      if (text === undefined) break;
      this.#take(text);
      if (count % RECORDS_PER_TURN === 0) await nextTurn();
    }
    return { kills: this.#kills, sinceMs: this.#sinceMs };
  }

  #take(text: string): void {
    if (text === MISSING) this.#sinceMs = undefined;
    const record = parseKernelRecord(text);
    if (record === undefined) return;
    this.#sinceMs ??= record.atMs;
    if (oomVictim(record.message) === undefined) return;
    this.#kills = [...this.#kills, record].slice(-MOST_KILLS);
  }
}

/** Records were overwritten before they were read. */
const MISSING = '';

/** Each read gives one record. EAGAIN: no more. EPIPE: some were overwritten, reading goes on after them. */
function readRecord(fd: number, buffer: Buffer): string | undefined {
  try {
    const length = readSync(fd, buffer, 0, buffer.length, null);
    return length === 0 ? undefined : buffer.toString('utf8', 0, length);
  } catch (error) {
    return errorCode(error) === 'EPIPE' ? MISSING : undefined;
  }
}
