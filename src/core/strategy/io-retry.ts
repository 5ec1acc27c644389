/**
 * A guest that QEMU paused on a disk error is resumed: at once the first time, and with a growing wait when the
 * error comes back soon (KubeVirt `pkg/virt-handler/retry_manager.go`: 10 s doubling to 3 min).
 */

/** QMP's run state for "paused on a disk error" (QAPI `RunState`). */
export const IO_RETRY_STATE = 'io-error';

const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 180_000;
/** An error that comes back within this time of the last retry (beyond its wait) counts as the same trouble. */
const RECURRENCE_MS = 30_000;

export interface IoRetry {
  readonly attempts: number;
  readonly lastAt: number;
  readonly nextAt: number;
}

/** The state after a retry at `now`. `nextAt` is the earliest next retry, should the error come back. */
export function nextIoRetry(previous: IoRetry | undefined, now: number): IoRetry {
  const recurring = previous !== undefined && now < previous.nextAt + RECURRENCE_MS;
  const attempts = recurring ? previous.attempts + 1 : 1;
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 10));
  return { attempts, lastAt: now, nextAt: now + wait };
}
