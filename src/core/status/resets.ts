/**
 * Counts guest reboots in QEMU's events. One reboot shows as two or three RESET events within milliseconds
 * (measured on QEMU 7.2), so those that lie close together count once.
 */
import type { QmpEvent } from '../model/evidence.ts';

const ONE_RESET_MS = 500;

export interface ResetTally {
  readonly count: number;
  /** When the last RESET came (Unix ms). */
  readonly lastAt?: number;
}

export const NO_RESETS: ResetTally = { count: 0 };

export function tallyReset(tally: ResetTally, event: QmpEvent): ResetTally {
  if (event.event !== 'RESET') return tally;
  const again = tally.lastAt !== undefined && event.at - tally.lastAt <= ONE_RESET_MS;
  return { count: again ? tally.count : tally.count + 1, lastAt: event.at };
}
