/**
 * What a setting's value may look like. Flags and variables bring text, the configuration file any YAML scalar;
 * each reader takes both and answers with the value or with what is wrong with it.
 */
import { closestMatch } from 'leven';

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

export type Reader<T> = (raw: unknown) => Reading<T>;

/** `, did you mean "x"?` when something is close enough to be meant. */
export function didYouMean(found: string, candidates: readonly string[]): string {
  // Two, because that is what swapped letters count as.
  const maxDistance = found.length < 3 ? 1 : Math.max(2, Math.floor(found.length / 3));
  const match = closestMatch(found, candidates, { maxDistance });
  return match === undefined ? '' : `; did you mean "${match}"?`;
}

/** A path, made absolute against `cwd`. */
export function path(cwd: string): Reader<string> {
  return (raw) => {
    if (typeof raw !== 'string' || raw === '') return no(`must be a path, found ${show(raw)}`);
    if (raw.includes('\0')) return no('must be a path, found one with a NUL byte');
    return { ok: true, value: absolutePath(raw, cwd) };
  };
}

/** A path, or the word `none` for nothing at all. */
export function pathOrNone(cwd: string): Reader<string | undefined> {
  const aPath = path(cwd);
  return (raw) => (raw === 'none' ? { ok: true, value: undefined } : aPath(raw));
}

/** Paths: a list in the configuration file, else parted by colons as in PATH. */
export function paths(cwd: string): Reader<readonly string[]> {
  const aPath = path(cwd);
  return (raw) => {
    const items = typeof raw === 'string' ? raw.split(':') : Array.isArray(raw) ? raw : undefined;
    if (items === undefined)
      return no(`must be a list of paths, or paths parted by ":", found ${show(raw)}`);
    const readings = items.map(aPath);
    const fault = readings.find((reading) => !reading.ok);
    if (fault !== undefined) return fault;
    return { ok: true, value: readings.flatMap((reading) => (reading.ok ? [reading.value] : [])) };
  };
}

/** `FIRST-LAST`, two whole numbers within limits, both included. */
export function range(
  least: number,
  most: number,
): Reader<{ readonly first: number; readonly last: number }> {
  return (raw) => {
    const [, first, last] = (typeof raw === 'string' && /^(\d+)-(\d+)$/.exec(raw)) || [];
    const value = { first: Number(first), last: Number(last) };
    if (value.first >= least && value.first <= value.last && value.last <= most)
      return { ok: true, value };
    return no(`must be FIRST-LAST with numbers from ${least} to ${most}, found ${show(raw)}`);
  };
}

/** A path when there is a slash in it, else a name for PATH. */
export function program(cwd: string): Reader<string> {
  const aPath = path(cwd);
  return (raw) =>
    typeof raw === 'string' && raw !== '' && !raw.includes('/')
      ? { ok: true, value: raw }
      : aPath(raw);
}

/** Text without white space; a number stands for its digits. */
export function word(raw: unknown): Reading<string> {
  const text = typeof raw === 'number' ? String(raw) : raw;
  if (typeof text === 'string' && /^\S+$/.test(text)) return { ok: true, value: text };
  return no(`must be one word, found ${show(raw)}`);
}

/** One of a few words. */
export function choice<const T extends string>(choices: readonly T[]): Reader<T> {
  return (raw) => {
    const match = choices.find((candidate) => candidate === raw);
    if (match !== undefined) return { ok: true, value: match };
    const hint = typeof raw === 'string' ? didYouMean(raw, choices) : '';
    return no(`must be one of ${choices.join(', ')}; found ${show(raw)}${hint}`);
  };
}

/** A whole number within limits, both included. */
export function integer(least: number, most: number): Reader<number> {
  return (raw) => {
    const value = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw;
    if (Number.isSafeInteger(value) && typeof value === 'number') {
      if (value >= least && value <= most) return { ok: true, value };
    }
    return no(`must be a whole number from ${least} to ${most}, found ${show(raw)}`);
  };
}

/** Joins and tidies paths by their text alone. */
export function absolutePath(text: string, cwd: string): string {
  const parts: string[] = [];
  for (const part of (text.startsWith('/') ? text : `${cwd}/${text}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function show(raw: unknown): string {
  if (raw === null || raw === undefined || raw === '') return 'nothing';
  return typeof raw === 'object' ? 'a list or mapping' : JSON.stringify(raw);
}

function no(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
