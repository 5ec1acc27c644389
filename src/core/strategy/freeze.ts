/**
 * A guest whose file systems stand still must not stand still for ever: it is thawed when its time is up, and before it is
 * stopped, by whichever daemon is there. Rules only; the thawing takes its time in the guest, and nothing waits for it but
 * the stop ladder, a little.
 */
import type { FreezeRecord } from '../model/record.ts';

const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60_000;
/** A guest that is to be stopped gets this long to thaw before its power button is pressed: it works in milliseconds. */
const STOP_WAITS_MS = 2000;

/** An attempt to thaw is recorded before it is made; unless it succeeds, there is another one. */
export function thawTried(freeze: FreezeRecord, now: number): FreezeRecord {
  const attempts = (freeze.attempts ?? 0) + 1;
  const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 10));
  return { ...freeze, attempts, triedAt: now, thawAt: now + wait };
}

export function isThawDue({ thawAt }: FreezeRecord, now: number): boolean {
  return thawAt !== undefined && thawAt <= now;
}

/** What a stop that began at `since` does about a frozen guest, before anything else. */
export function thawBeforeStop(
  freeze: FreezeRecord | undefined,
  since: number,
  now: number,
): { readonly kind: 'thaw' } | { readonly kind: 'wait'; readonly until: number } | undefined {
  if (freeze === undefined) return undefined;
  if (freeze.triedAt === undefined || freeze.triedAt < since) return { kind: 'thaw' };
  const until = freeze.triedAt + STOP_WAITS_MS;
  return now < until ? { kind: 'wait', until } : undefined;
}
