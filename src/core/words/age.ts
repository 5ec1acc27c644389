/**
 * Lengths of time as people read them. Pure; what is printed agrees between the command line and the tables of the socket.
 */

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
