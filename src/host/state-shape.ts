/**
 * Checks that a value from the database has the shape its type promises. A check answers with a complaint that
 * names the place (`instance.phase: …`), or with nothing. Unknown fields are let through.
 */
import { errorMessage } from '../core/thrown.ts';

export type Check = (value: unknown, at: string) => string | undefined;

interface Optional {
  readonly optional: Check;
}

/** One check per field of T: a field added to the type and forgotten here does not compile. */
type Fields<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Optional : Check;
};

export function optional(check: Check): Optional {
  return { optional: check };
}

export function object<T>(fields: Fields<T>): Check {
  const entries = Object.entries<Check | Optional>(fields);
  return (value, at) => {
    if (!isRecord(value)) return complaint(at, 'an object', value);
    for (const [key, check] of entries) {
      const field = value[key];
      const isOptional = typeof check !== 'function';
      if (field === undefined && isOptional) continue;
      const found = (isOptional ? check.optional : check)(field, at === '' ? key : `${at}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

export function list(item: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return complaint(at, 'a list', value);
    for (const [index, element] of value.entries()) {
      const found = item(element, `${at}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

export function nullable(check: Check): Check {
  return (value, at) => (value === null ? undefined : check(value, at));
}

/** One of several shapes, told apart by a field. */
export function variants(field: string, byName: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    if (!isRecord(value)) return complaint(at, 'an object', value);
    const name = value[field];
    const check =
      typeof name === 'string' && Object.hasOwn(byName, name) ? byName[name] : undefined;
    const expected = Object.keys(byName).join(', ');
    return check === undefined
      ? complaint(`${at}.${field}`, `one of ${expected}`, name)
      : check(value, at);
  };
}

/** @param words every word of the union T, so that a new one cannot be forgotten */
export function oneOf<T extends string>(words: Readonly<Record<T, true>>): Check {
  const expected = `one of ${Object.keys(words).join(', ')}`;
  return (value, at) =>
    typeof value === 'string' && Object.hasOwn(words, value)
      ? undefined
      : complaint(at, expected, value);
}

export const text: Check = (value, at) =>
  typeof value === 'string' ? undefined : complaint(at, 'text', value);

export const number: Check = (value, at) =>
  typeof value === 'number' ? undefined : complaint(at, 'a number', value);

export const flag: Check = (value, at) =>
  typeof value === 'boolean' ? undefined : complaint(at, 'true or false', value);

export const anyObject: Check = (value, at) =>
  isRecord(value) ? undefined : complaint(at, 'an object', value);

export const anyList: Check = (value, at) =>
  Array.isArray(value) ? undefined : complaint(at, 'a list', value);

/**
 * Reads a stored JSON text.
 * @returns the value, or what is wrong with it
 */
export function parseStored<T>(
  json: unknown,
  check: Check,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(String(json));
  } catch (error) {
    return { ok: false, reason: `not JSON: ${errorMessage(error)}` };
  }
  const found = check(value, '');
  return found === undefined ? { ok: true, value: value as T } : { ok: false, reason: found };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function complaint(at: string, expected: string, found: unknown): string {
  const shown = JSON.stringify(found)?.slice(0, 60) ?? 'nothing';
  return `${at === '' ? 'the record' : at} must be ${expected}, found ${shown}`;
}
