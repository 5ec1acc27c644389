/** When this host came up. */
import { readFileSync } from 'node:fs';

/**
 * Unix ms, by the wall clock as it is now: the kernel moves it along when the clock is set.
 * @returns 0 ("long ago") where /proc/stat does not tell
 */
export function bootTime(path = '/proc/stat'): number {
  try {
    return parseBootTime(readFileSync(path, 'utf8')) ?? 0;
  } catch {
    return 0;
  }
}

/** The line `btime SECONDS` (proc_stat(5)). */
export function parseBootTime(text: string): number | undefined {
  const seconds = /^btime (\d{1,12})$/m.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
