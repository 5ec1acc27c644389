/**
 * Counts guest reboots in QEMU's events. One reboot shows as two or three RESET events within milliseconds
 * (measured on QEMU 7.2), so those that lie close together count once. Whether a kernel panicked without a word, or somebody
 * typed `reboot`, QEMU cannot tell; a guest that does it again and again is in a loop.
 */
import type { QmpEvent } from '../model/evidence.ts';

const ONE_RESET_MS = 500;
/** So many resets in a row are a loop, */
export const LOOP_RESETS = 5;
/** when the guest outlives none of them by so long. */
const LOOP_GAP_MS = 60_000;

export interface ResetTally {
  readonly count: number;
  /** When the last RESET that counted came (Unix ms): a guest in a fast loop must not look like one long reset. */
  readonly countedAt?: number;
  /** Of the guest's own, in a row, each soon after the one before. */
  readonly row: number;
}

export const NO_RESETS: ResetTally = { count: 0, row: 0 };

export function tallyReset(tally: ResetTally, event: QmpEvent): ResetTally {
  if (event.event !== 'RESET') return tally;
  const { count, countedAt } = tally;
  if (countedAt !== undefined && event.at - countedAt <= ONE_RESET_MS) return tally;
  const goesOn = countedAt !== undefined && event.at - countedAt <= LOOP_GAP_MS;
  const isOwn = event.data['guest'] === true;
  const row = isOwn ? (goesOn ? tally.row : 0) + 1 : 0;
  return { count: count + 1, countedAt: event.at, row };
}

/** Until when a guest counts as in a reboot loop (Unix ms), unless it is reset again; undefined when it is not in one. */
export function loopUntil({ row, countedAt }: ResetTally): number | undefined {
  if (row < LOOP_RESETS || countedAt === undefined) return undefined;
  return countedAt + LOOP_GAP_MS;
}
