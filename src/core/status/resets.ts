/**
 * Counts guest reboots in QEMU's events. One reboot shows as two or three RESET events within milliseconds
 * (measured on QEMU 7.2), so those that lie close together count once.
 */
import type { QmpEvent } from '../model/evidence.ts';

const ONE_RESET_MS = 500;

export interface ResetTally {
  readonly count: number;
  /** When the last RESET that counted came (Unix ms): a guest in a fast loop must not look like one long reset. */
  readonly countedAt?: number;
}

export const NO_RESETS: ResetTally = { count: 0 };

export function tallyReset(tally: ResetTally, event: QmpEvent): ResetTally {
  if (event.event !== 'RESET') return tally;
  const { count, countedAt } = tally;
  if (countedAt !== undefined && event.at - countedAt <= ONE_RESET_MS) return tally;
  return { count: count + 1, countedAt: event.at };
}
