/**
 * The work queue of VM keys: no duplicates, and never two pieces of work for one key at a time.
 *
 * Invariants: a key that is added while its pass runs gets exactly one more pass; work for different keys never
 * waits for each other; an exclusive task (a command) runs between passes of its key, in the order of asking. Each begins in
 * a turn of the event loop of its own: readers are answered between the flushes of two of them.
 */
import { ownTurn } from '../qemu/own-turn.ts';

export interface WorkQueueOptions {
  /** One pass. Its error is given to `onError`; the key is not retried by itself. */
  readonly pass: (key: string) => Promise<void>;
  readonly onError: (key: string, error: unknown) => void;
  /** No pass runs before `open`. */
  readonly held?: boolean;
}

interface Lane {
  /** Settles when everything queued so far for the key is done; never rejects. */
  tail: Promise<void>;
  pending: number;
  passQueued: boolean;
  timer?: NodeJS.Timeout;
  timerAt?: number;
}

export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Keys that were added before `open`; undefined once it was called. */
  #waiting: Set<string> | undefined;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    if (options.held === true) this.#waiting = new Set();
  }

  /** Lets passes run, those that were asked for so far first. */
  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const key of waiting) this.add(key);
  }

  /** Asks for a pass as soon as the key is free. */
  add(key: string): void {
    if (this.#closed) return;
    if (this.#waiting !== undefined) {
      this.#waiting.add(key);
      return;
    }
    const lane = this.#lane(key);
    if (lane.passQueued) return;
    lane.passQueued = true;
    void this.#append(key, lane, async () => {
      lane.passQueued = false;
      if (!this.#closed) await this.#options.pass(key);
    }).catch((error: unknown) => this.#options.onError(key, error));
  }

  /** Asks for a pass in `delayMs`; of several times the earliest counts. */
  addIn(key: string, delayMs: number): void {
    if (this.#closed) return;
    const lane = this.#lane(key);
    const at = performance.now() + delayMs;
    if (lane.timerAt !== undefined && lane.timerAt <= at) return;
    clearTimeout(lane.timer);
    lane.timerAt = at;
    // setTimeout fires at once beyond 2^31-1 ms; an early pass only waits again.
    lane.timer = setTimeout(() => this.#fire(key, lane), Math.min(delayMs, 2 ** 31 - 1));
  }

  /** Runs `task` while no pass of the key runs. */
  exclusive<T>(key: string, task: () => T | Promise<T>): Promise<T> {
    return this.#append(key, this.#lane(key), task);
  }

  /** Takes no more work and waits for what runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const lane of this.#lanes.values()) clearTimeout(lane.timer);
    await Promise.all([...this.#lanes.values()].map((lane) => lane.tail));
  }

  #fire(key: string, lane: Lane): void {
    delete lane.timer;
    delete lane.timerAt;
    this.add(key);
    this.#drop(key, lane);
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane: Lane = { tail: Promise.resolve(), pending: 0, passQueued: false };
    this.#lanes.set(key, lane);
    return lane;
  }

  #append<T>(key: string, lane: Lane, task: () => T | Promise<T>): Promise<T> {
    lane.pending += 1;
    const result = lane.tail.then(ownTurn).then(task);
    const settle = (): void => {
      lane.pending -= 1;
      this.#drop(key, lane);
    };
    lane.tail = result.then(settle, settle);
    return result;
  }

  #drop(key: string, lane: Lane): void {
    if (lane.pending === 0 && lane.timer === undefined) this.#lanes.delete(key);
  }
}
