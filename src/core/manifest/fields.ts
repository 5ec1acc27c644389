/**
 * Readers of single values, out of which the tables in `sections/` are made. A reader takes a positioned
 * value and gives what it means, or reports what is wrong with it and gives nothing; it never throws.
 * See `object-fields.ts` for maps.
 */
import { itemPath, quoted, shortened } from './field-path.ts';
import type { KubeVirtType } from './kubevirt-fields.ts';
import { type NanoQuantity, parseQuantity, suggestQuantity } from './quantity.ts';
import type { Place, Report } from './report.ts';
import { describeNode, type SourceNode } from './source-node.ts';
import { didYouMean } from './suggest.ts';

/** Where a value stands, with its key: that is where something missing inside it is reported. */
export interface Spot extends Place {
  readonly keyOffset: number;
}

/** Where the key stands, for faults that are not the value's. */
export function keyOf({ path, keyOffset }: Spot): Place {
  return { path, offset: keyOffset };
}

/** A valid value and where it stands. */
export interface Found<T> extends Spot {
  readonly value: T;
}

export interface Read<T> {
  (node: SourceNode, spot: Spot, report: Report): T | undefined;
  /** What can stand there: `core/schema` is made from it. */
  readonly inside?: Inside;
}

export type Inside =
  | {
      readonly kind: 'fields';
      readonly type: KubeVirtType;
      readonly fields: Readonly<Record<string, Read<unknown>>>;
      readonly required: readonly string[];
      /** Accepted with a warning. */
      readonly clusterOnly: readonly string[];
      /** Accepted without a word. */
      readonly ignored: readonly string[];
    }
  | { readonly kind: 'items'; readonly item: Read<unknown> }
  /** A map of free names. */
  | { readonly kind: 'map'; readonly value: Read<unknown> }
  | Scalar;

/** What a single value can be. */
export type Scalar =
  | { readonly kind: 'text'; readonly mayBeEmpty: boolean; readonly pattern?: Pattern }
  | { readonly kind: 'integer'; readonly least: number; readonly most: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'quantity' }
  | { readonly kind: 'one-of'; readonly values: readonly string[] }
  | { readonly kind: 'only'; readonly value: string | boolean };

/** What a text looks like: an expression that every value matches, and the whole rule in words. */
export interface Pattern {
  readonly expression: RegExp;
  readonly rule: string;
}

/** The same reader, which tells what it takes. */
export function telling<T>(inside: Inside, read: Read<T>): Read<T> {
  return Object.assign(read, { inside });
}

/** What a reader yields. */
export type ValueOf<R> = R extends Read<infer T> ? T : never;

/** Why a text is refused: a message, or one with a code of its own. */
export type Refusal = string | { readonly code: string; readonly message: string };

export function wrongType(
  node: SourceNode,
  spot: Spot,
  report: Report,
  expected: string,
): undefined {
  report.error('wrong-type', spot, `expected ${expected}, found ${describeNode(node)}`);
  return undefined;
}

/** Text that passes the check. An empty text is refused unless the check is asked about it. */
export function text(
  check: (value: string) => Refusal | undefined = () => undefined,
  options: {
    readonly mayBeEmpty?: boolean;
    /** What the check asks for, as far as a regular expression can say it. */
    readonly pattern?: Pattern;
  } = {},
): Read<string> {
  const { pattern } = options;
  const mayBeEmpty = options.mayBeEmpty === true;
  const inside = { kind: 'text', mayBeEmpty, ...(pattern && { pattern }) } as const;
  return telling(inside, (node, spot, report) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'string') {
      const inQuotes = node.kind === 'scalar' && node.value !== null;
      const expected = inQuotes ? `text: write it in quotes, ${quoted(node.source)}` : 'text';
      return wrongType(node, spot, report, expected);
    }
    const empty = node.value === '' && !mayBeEmpty;
    const refusal = empty ? 'must not be empty' : check(node.value);
    if (refusal === undefined) return node.value;
    const { code, message } =
      typeof refusal === 'string' ? { code: 'invalid-value', message: refusal } : refusal;
    report.error(code, spot, message);
    return undefined;
  });
}

/** A whole number; Kubernetes takes no number in quotes. */
export function integer(least: number, most: number): Read<number> {
  return telling({ kind: 'integer', least, most }, (node, spot, report) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'number' || !Number.isInteger(node.value)) {
      const inQuotes = node.kind === 'scalar' && /^\d{1,10}$/.test(String(node.value));
      const expected = inQuotes
        ? `a whole number: write ${node.source} without quotes`
        : 'a whole number';
      return wrongType(node, spot, report, expected);
    }
    if (node.value >= least && node.value <= most) return node.value;
    report.error(
      'out-of-range',
      spot,
      `${shortened(node.source, 40)} is out of range, expected ${least} to ${most}`,
    );
    return undefined;
  });
}

export const flag: Read<boolean> = telling({ kind: 'flag' }, (node, spot, report) => {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  return wrongType(node, spot, report, 'true or false');
});

/** One of the values, or a refusal for values that KubeVirt has and this version has not. */
export function oneOf<const T extends string>(
  values: readonly T[],
  options: {
    /** Values known and not supported, each with the reason. */
    readonly refused?: Readonly<Record<string, string>>;
    /** How a message names the bad value; by default the value in quotes. */
    readonly name?: (value: string) => string;
  } = {},
): Read<T> {
  const list = values.join(', ');
  const expected = values.length === 1 ? list : `one of ${list}`;
  return telling({ kind: 'one-of', values }, (node, spot, report) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'string')
      return wrongType(node, spot, report, expected);
    const word = node.value;
    const value = values.find((candidate) => candidate === word);
    if (value !== undefined) return value;
    const name = options.name?.(word) ?? quoted(word);
    const { refused } = options;
    if (refused && Object.hasOwn(refused, word))
      report.error('unsupported-value', spot, `${name}: ${refused[word]}; expected ${expected}`);
    else
      report.error(
        'invalid-value',
        spot,
        `${name}: expected ${expected}${didYouMean(word, values)}`,
      );
    return undefined;
  });
}

/** A Kubernetes quantity, text or number, in billionths. */
export const quantity: Read<NanoQuantity> = telling({ kind: 'quantity' }, (node, spot, report) => {
  if (node.kind !== 'scalar' || (typeof node.value !== 'string' && typeof node.value !== 'number'))
    return wrongType(node, spot, report, 'a quantity such as 1Gi');
  const written = typeof node.value === 'string' ? node.value : node.source;
  // A number in a notation that only YAML has (0x10) is what JSON would make of it.
  const parsed = parseQuantity(written) ?? parseQuantity(String(node.value));
  if (parsed !== undefined) return parsed;
  const meant = suggestQuantity(written);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  const message = `${quoted(written)} is not a quantity, expected one such as 512Mi, 1.5Gi or 2G${hint}`;
  report.error('invalid-value', spot, message);
  return undefined;
});

/** A field that this version accepts only with the value that its owner assumes anyway. */
export function only(value: string | boolean, owner = 'KubeVirt'): Read<string | boolean> {
  return telling({ kind: 'only', value }, (node, spot, report) => {
    if (node.kind === 'scalar' && node.value === value) return value;
    const name = spot.path.slice(spot.path.lastIndexOf('.') + 1);
    const place = { path: spot.path, offset: spot.keyOffset };
    report.error(
      'unsupported-field',
      place,
      `${unsupported(name, owner)} with any value but ${value}`,
    );
    return undefined;
  });
}

/** @param owner whose API has the field */
export function unsupported(name: string, owner = 'KubeVirt'): string {
  return `${owner} field ${name} is not supported by this version of solovirt`;
}

export function list<T>(item: Read<T>): Read<readonly Found<T>[]> {
  return telling({ kind: 'items', item }, (node, spot, report) => {
    if (node.kind !== 'list') return wrongType(node, spot, report, 'a list');
    return node.items.flatMap((child, index) => {
      const place = {
        path: itemPath(spot.path, index),
        offset: child.offset,
        keyOffset: child.offset,
      };
      const value = item(child, place, report);
      return value === undefined ? [] : [{ ...place, value }];
    });
  });
}
