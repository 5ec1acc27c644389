/**
 * Time as people read and write it: ages, durations, instants. Pure.
 */
import { parseDuration as readDuration } from '../../core/manifest/duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How old something is, in one or two units, as `kubectl` rounds it (`HumanDuration`): `5m12s`, `3d4h`. */
export function formatAge(ms: number): string {
  const age = Math.max(0, ms);
  if (age < 2 * MINUTE) return units(age, SECOND, 's');
  if (age < 10 * MINUTE) return twoUnits(age, MINUTE, 'm', SECOND, 's');
  if (age < 3 * HOUR) return units(age, MINUTE, 'm');
  if (age < 8 * HOUR) return twoUnits(age, HOUR, 'h', MINUTE, 'm');
  if (age < 2 * DAY) return units(age, HOUR, 'h');
  if (age < 8 * DAY) return twoUnits(age, DAY, 'd', HOUR, 'h');
  return units(age, DAY, 'd');
}

function units(ms: number, unit: number, letter: string): string {
  return `${Math.floor(ms / unit)}${letter}`;
}

function twoUnits(ms: number, big: number, b: string, small: number, s: string): string {
  const rest = Math.floor((ms % big) / small);
  return units(ms, big, b) + (rest === 0 ? '' : `${rest}${s}`);
}

/** A length of time that was measured: `0.4 s` and `12.3 s` below a minute, `2m5s` above. */
export function formatElapsed(ms: number): string {
  return ms < MINUTE ? `${(Math.max(0, ms) / SECOND).toFixed(1)} s` : formatAge(ms);
}

/** Time until an instant: `in 42s`, or `now` once it has passed. Rounds up, so that it never says 0s. */
export function formatUntil(at: number, now: number): string {
  return at <= now ? 'now' : `in ${formatAge(Math.ceil((at - now) / SECOND) * SECOND)}`;
}

/**
 * Reads `30s`, `2m`, `1h30m`, `500ms`, `1.5s`, or a bare number of seconds.
 * Returns milliseconds, or undefined when the text is no duration above zero.
 */
export function parseDuration(text: string): number | undefined {
  const ms = readDuration(text);
  return ms === undefined || ms === 0 ? undefined : ms;
}

/** Unix milliseconds of an RFC 3339 time; undefined when absent, malformed, or the epoch, which stands for "never". */
export function parseTime(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || at === 0 ? undefined : at;
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
