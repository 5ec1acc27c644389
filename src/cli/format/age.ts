/**
 * Time as people read and write it: ages, durations, instants. Pure.
 */
import { parseTime } from '../../api/contract-words.ts';
import { parseDuration as readDuration } from '../../core/manifest/duration.ts';
import { formatAge, formatElapsed, formatUntil } from '../../core/words/age.ts';

export { formatAge, formatElapsed, formatUntil, parseTime };

/**
 * Reads `30s`, `2m`, `1h30m`, `500ms`, `1.5s`, or a bare number of seconds.
 * Returns milliseconds, or undefined when the text is no duration above zero.
 */
export function parseDuration(text: string): number | undefined {
  const ms = readDuration(text);
  return ms === undefined || ms === 0 ? undefined : ms;
}

/** `5m ago`; `-` when the time is unknown. */
export function formatAgo(text: string | null | undefined, now: number): string {
  const at = parseTime(text);
  return at === undefined ? '-' : `${formatAge(now - at)} ago`;
}

/** `2026-11-22T10:11:12Z`: whole seconds, UTC, so that lines of two hosts compare. */
export function formatInstant(text: string | null | undefined): string {
  const at = parseTime(text);
  return at === undefined ? '-' : `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** `2026-11-22T10:11:12Z (5m ago)`. */
export function formatInstantAgo(text: string | null | undefined, now: number): string {
  const at = parseTime(text);
  return at === undefined ? '-' : `${formatInstant(text)} (${formatAgo(text, now)})`;
}
