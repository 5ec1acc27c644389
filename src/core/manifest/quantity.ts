/**
 * Kubernetes quantities, exactly (k8s.io/apimachinery `resource.Quantity`): `1Gi`, `512M`, `1.5Gi`, `1e9`,
 * `128974848`, `500m`. Kept in billionths, the finest step Kubernetes keeps.
 */

const NANO = 1_000_000_000n;
const MAX_DIGITS = 40;
const MAX_EXPONENT = 30;

const GRAMMAR =
  /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d+))?$/;

/** Powers of ten, and of 1024. */
const DECIMAL = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 } as const;
const BINARY = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 } as const;

/** A quantity in billionths of its unit, rounded away from zero; undefined when it is none. */
export type NanoQuantity = bigint;

export function parseQuantity(text: string): NanoQuantity | undefined {
  const match = GRAMMAR.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', bareFraction = '', suffix = '', exponent = '0'] = match;
  const decimals = fraction + bareFraction;
  if (whole.length + decimals.length > MAX_DIGITS || exponent.length > 4) return undefined;
  const ten = Number(exponent) + powerOfTen(suffix);
  if (Math.abs(ten) > MAX_EXPONENT) return undefined;
  const mantissa = BigInt(whole + decimals) * 1024n ** BigInt(powerOf1024(suffix));
  const nano = scale(mantissa, ten - decimals.length + 9);
  return sign === '-' ? -nano : nano;
}

function powerOfTen(suffix: string): number {
  return isKey(DECIMAL, suffix) ? DECIMAL[suffix] : 0;
}

function powerOf1024(suffix: string): number {
  return isKey(BINARY, suffix) ? BINARY[suffix] : 0;
}

function isKey<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}

function scale(value: bigint, ten: number): bigint {
  if (ten >= 0) return value * 10n ** BigInt(ten);
  return divideUp(value, 10n ** BigInt(-ten));
}

/** The whole number that a quantity asks for, rounded up (Kubernetes `Quantity.Value`). */
export function wholeUnits(quantity: NanoQuantity): bigint {
  return quantity <= 0n ? quantity / NANO : divideUp(quantity, NANO);
}

/** Rounds a positive quantity of bytes up to a multiple of `step` bytes. */
export function bytesRoundedUp(quantity: NanoQuantity, step: bigint): bigint {
  return divideUp(wholeUnits(quantity), step) * step;
}

/** Whole bytes as a quantity in the largest binary unit that leaves no rest: `512Mi`, `1536Ki`, `1000`. */
export function binaryQuantity(bytes: number): string {
  const unit = Object.entries(BINARY).findLast(
    ([, power]) => bytes > 0 && bytes % 1024 ** power === 0,
  );
  return unit === undefined ? `${bytes}` : `${bytes / 1024 ** unit[1]}${unit[0]}`;
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** What somebody who wrote a wrong quantity probably meant: `512MB` is `512M`. */
export function suggestQuantity(text: string): string | undefined {
  if (text.length > MAX_DIGITS) return undefined;
  const match = /^\s*([+]?[\d.]+)\s*([a-zA-Z]*)\s*$/.exec(text);
  const [, number = '', unit = ''] = match ?? [];
  const letter = unit.charAt(0).toUpperCase();
  const binary = /^[a-z]i/i.test(unit);
  const suffix = letter === 'K' && !binary ? 'k' : `${letter}${binary ? 'i' : ''}`;
  const fixed = `${number}${letter === 'B' ? '' : suffix}`;
  return fixed !== text && parseQuantity(fixed) !== undefined ? fixed : undefined;
}
