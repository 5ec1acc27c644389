/**
 * How long a run strategy waits before it starts a VM again. KubeVirt's shape (10·n² s plus half of it as jitter,
 * capped at 300 s, `pkg/virt-controller/watch/vm/vm.go` calculateStartBackoffTime), extended to guests that come
 * up and then die, which KubeVirt restarts in a hot loop.
 */
import type { BackoffRecord } from '../model/record.ts';
import type { Outcome } from '../model/verdict.ts';

/** Configuration entry `backoff`; all in whole seconds. */
export interface BackoffPolicy {
  readonly baseSeconds: number;
  readonly capSeconds: number;
  /** A Failed end counts as unstable when the guest ran for less than this. */
  readonly unstableFailedSeconds: number;
  /** The same for a Succeeded end. */
  readonly unstableSucceededSeconds: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = {
  baseSeconds: 10,
  capSeconds: 300,
  unstableFailedSeconds: 600,
  unstableSucceededSeconds: 10,
};

export interface Ending {
  readonly outcome: Outcome;
  /** When the guest began to run (Unix ms); absent when it never did. */
  readonly runningAt?: number;
  readonly endedAt: number;
}

export const NO_BACKOFF: BackoffRecord = { unstable: 0 };

/** True when this end says that the VM does not stay up. */
export function isUnstable(ending: Ending, policy: BackoffPolicy): boolean {
  const ranMs = ending.runningAt === undefined ? 0 : ending.endedAt - ending.runningAt;
  const threshold =
    ending.outcome === 'Failed' ? policy.unstableFailedSeconds : policy.unstableSucceededSeconds;
  return ranMs < threshold * 1000;
}

/**
 * The backoff after an end that nobody asked for. A stable end clears it.
 * @param jitter in [0, 1): spreads VMs that failed together
 */
export function nextBackoff(
  previous: BackoffRecord,
  ending: Ending,
  jitter: number,
  policy: BackoffPolicy = DEFAULT_BACKOFF,
): BackoffRecord {
  if (!isUnstable(ending, policy)) return NO_BACKOFF;
  const unstable = previous.unstable + 1;
  const step = ending.runningAt === undefined ? unstable : unstable - 1;
  const delay = delayMs(step, jitter, policy);
  // Started again at once, a VM never waited: no instant to show.
  return delay === 0 ? { unstable } : { unstable, retryAt: ending.endedAt + delay };
}

function delayMs(step: number, jitter: number, policy: BackoffPolicy): number {
  const base = policy.baseSeconds * step ** 2;
  return Math.round(Math.min(policy.capSeconds, base + jitter * (base / 2)) * 1000);
}
