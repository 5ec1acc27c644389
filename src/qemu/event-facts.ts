/** What QEMU's events tell of an instance, whether they come over its monitor or are read from its journal. */
import type { QmpEvent } from '../core/model/evidence.ts';
import { tellEnd } from '../core/status/end-told.ts';
import { loopUntil, NO_RESETS, type ResetTally, tallyReset } from '../core/status/resets.ts';

const MOVES_CPUS = new Set(['STOP', 'RESUME', 'SUSPEND', 'WAKEUP']);

export class EventFacts {
  #resumed = false;
  #resumedAt: number | undefined;
  #cpusAt: number | undefined;
  #endTold: number | undefined;
  #resets: ResetTally = NO_RESETS;

  /** In the order in which they happened. */
  take(event: QmpEvent): void {
    this.#resets = tallyReset(this.#resets, event);
    this.#endTold = tellEnd(this.#endTold, event);
    if (MOVES_CPUS.has(event.event)) this.#cpusAt = event.at;
    if (event.event !== 'RESUME') return;
    this.#resumed = true;
    this.#resumedAt ??= event.at;
  }

  /** Of a journal, in which QEMU may have told an end that nobody heard over its monitor. */
  takeEnd(journal: readonly QmpEvent[]): void {
    this.#endTold ??= journal.reduce<number | undefined>(tellEnd, undefined);
  }

  /** Its run state shows that guest code has run, although no event told. */
  setResumed(): void {
    this.#resumed = true;
  }

  /** Guest code has run. */
  get resumed(): boolean {
    return this.#resumed;
  }

  /** When guest code first ran (Unix ms), as far as events tell. */
  get resumedAt(): number | undefined {
    return this.#resumedAt;
  }

  /** When the guest's CPUs last stopped or went on (Unix ms), as far as events tell. */
  get cpusAt(): number | undefined {
    return this.#cpusAt;
  }

  /** When QEMU told that it is about to end (Unix ms). */
  get endTold(): number | undefined {
    return this.#endTold;
  }

  /** Guest resets since the instance came up. */
  get resets(): number {
    return this.#resets.count;
  }

  /** When the machine was last reset (Unix ms), as far as events tell. */
  get resetAt(): number | undefined {
    return this.#resets.countedAt;
  }

  /** Until when the guest counts as in a reboot loop (Unix ms); undefined when it is not in one. */
  loopUntil(now: number): number | undefined {
    const until = loopUntil(this.#resets);
    return until === undefined || until <= now ? undefined : until;
  }
}
