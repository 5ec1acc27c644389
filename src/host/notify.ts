/**
 * Tells the service manager how the daemon is (sd_notify(3)): ready, reloading, stopping, a status line, signs of
 * life. Without a socket to it everything here does nothing.
 *
 * - What cannot be sent at once is sent in its order soon after; a manager that is gone is no reason to die.
 * - An idle daemon wakes up for the watchdog and for nothing else.
 */
import type { Logger } from '../ports.ts';
import { sendDatagram } from './datagram.ts';

export interface NotifierOptions {
  /** Datagram socket that is connected to the service manager. */
  readonly fd?: number;
  /** The manager ends a daemon that was silent for this long (microseconds). */
  readonly watchdogUs?: number;
  readonly log: Logger;
}

/** A status line is for people: not more often than they can read. */
const STATUS_EVERY_MS = 1000;
const TRY_AGAIN_MS = 50;

export class Notifier implements Disposable {
  #fd: number | undefined;
  readonly #log: Logger;
  readonly #watchdog: NodeJS.Timeout | undefined;
  /** In order, what could not be sent yet. */
  readonly #owed: string[] = [];
  #retry: NodeJS.Timeout | undefined;
  #statusTimer: NodeJS.Timeout | undefined;
  #statusSentAt = Number.NEGATIVE_INFINITY;
  #statusSent: string | undefined;
  #status: () => string = () => '';
  #stage: 'starting' | 'ready' | 'stopping' = 'starting';

  constructor({ fd, watchdogUs, log }: NotifierOptions) {
    this.#fd = fd;
    this.#log = log;
    if (fd === undefined || watchdogUs === undefined) return;
    this.#tell('WATCHDOG=1');
    // From the event loop: a daemon that is stuck must not seem alive. Half the time, as sd_watchdog_enabled(3) asks.
    const everyMs = Math.min(Math.max(1, Math.floor(watchdogUs / 2000)), 2 ** 31 - 1);
    this.#watchdog = setInterval(() => this.#ping(), everyMs);
  }

  /** Start-up is over, as far as others wait for it. */
  ready(): void {
    if (this.#stage !== 'starting') return;
    this.#stage = 'ready';
    this.#tell('READY=1', ...this.#freshStatus());
  }

  /** Around a look at the configuration that was asked for; `work` is done in any case. */
  async reload(work: () => Promise<void>): Promise<void> {
    if (this.#stage !== 'ready') return work();
    // The manager tells this answer from one to an earlier request by the time (systemd.service(5), notify-reload).
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    try {
      await work();
    } finally {
      // A daemon that has begun to stop meanwhile is not ready.
      if (this.#isReady()) this.#tell('READY=1', ...this.#freshStatus());
    }
  }

  /** @param status the last one */
  stopping(status: string): void {
    this.#stage = 'stopping';
    clearTimeout(this.#statusTimer);
    this.#tell('STOPPING=1', `STATUS=${status}`);
  }

  /**
   * The status may have changed. Asked for and sent when it is due: at most once a second, and only when it differs.
   * @param status gives one line
   */
  status(status: () => string): void {
    this.#status = status;
    if (this.#fd === undefined || this.#stage === 'stopping') return;
    if (this.#statusTimer !== undefined) return;
    const wait = Math.max(0, this.#statusSentAt + STATUS_EVERY_MS - performance.now());
    this.#statusTimer = setTimeout(() => {
      this.#statusTimer = undefined;
      const fresh = this.#freshStatus();
      if (fresh.length > 0) this.#tell(...fresh);
    }, wait);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watchdog);
    clearTimeout(this.#statusTimer);
    clearTimeout(this.#retry);
    this.#fd = undefined;
  }

  #isReady(): boolean {
    return this.#stage === 'ready';
  }

  /** The status as an assignment, unless it was sent already. */
  #freshStatus(): readonly string[] {
    const status = this.#status();
    if (status === '' || status === this.#statusSent) return [];
    this.#statusSent = status;
    this.#statusSentAt = performance.now();
    return [`STATUS=${status}`];
  }

  /** A sign of life from the past is worth nothing: only one is ever owed. */
  #ping(): void {
    if (!this.#owed.includes('WATCHDOG=1')) this.#tell('WATCHDOG=1');
  }

  /** Sends assignments together, as one message. */
  #tell(...assignments: readonly string[]): void {
    if (this.#fd === undefined) return;
    this.#owed.push(assignments.join('\n'));
    this.#send();
  }

  #send(): void {
    for (let next = this.#owed[0]; next !== undefined; next = this.#owed[0]) {
      if (this.#fd === undefined) return;
      const result = sendDatagram(this.#fd, new TextEncoder().encode(next));
      switch (result) {
        case 'sent':
        case 'refused':
          this.#owed.shift();
          break;
        case 'busy':
          this.#retry ??= setTimeout(() => {
            this.#retry = undefined;
            this.#send();
          }, TRY_AGAIN_MS);
          return;
        case 'gone':
          this.#giveUp();
          return;
      }
    }
  }

  #giveUp(): void {
    this[Symbol.dispose]();
    this.#log.warn({}, 'the service manager is gone and is told nothing more');
  }
}
