/**
 * When a guest may be reset. SeaBIOS copies itself into RAM and then runs from there; a reset in between leaves a q35
 * machine running through an empty copy for good (QEMU 7.2: in the first 20 ms after the CPUs begin, no more after 30).
 */

/** Room for a host that is short of processors. */
const FIRMWARE_MS = 500;

/**
 * @param began when the CPUs last began to run, and when the machine was last reset (Unix ms), as far as known
 * @returns milliseconds from `now`, 0 to 500
 */
export function resetDelay(began: readonly (number | undefined)[], now: number): number {
  const since = Math.max(...began.map((at) => at ?? Number.NEGATIVE_INFINITY));
  return Math.min(Math.max(since + FIRMWARE_MS - now, 0), FIRMWARE_MS);
}
