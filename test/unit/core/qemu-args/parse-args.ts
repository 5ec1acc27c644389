/**
 * Reads an argument list the way QEMU does, written independently of the code under test: `key=value` lists
 * are split at single commas, a doubled comma is one literal comma, `{` starts JSON.
 */
const WITHOUT_VALUE = new Set(['-no-user-config', '-nodefaults', '-S']);

export interface Option {
  readonly flag: string;
  readonly value: string;
}

export function options(args: readonly string[]): readonly Option[] {
  const found: Option[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const flag = args[i] ?? '';
    if (!flag.startsWith('-')) throw new Error(`${JSON.stringify(flag)} is not an option`);
    const value = WITHOUT_VALUE.has(flag) ? '' : args[++i];
    if (value === undefined) throw new Error(`${flag} has no value`);
    found.push({ flag, value });
  }
  return found;
}

export function valuesOf(args: readonly string[], flag: string): readonly string[] {
  return options(args)
    .filter((option) => option.flag === flag)
    .map(({ value }) => value);
}

export function soleValue(args: readonly string[], flag: string): string {
  const [value, ...more] = valuesOf(args, flag);
  if (value === undefined || more.length > 0) throw new Error(`expected one ${flag}`);
  return value;
}

export type JsonOption = { readonly [key: string]: unknown };

export function jsonValues(args: readonly string[], flag: string): readonly JsonOption[] {
  return valuesOf(args, flag).map((value) => JSON.parse(value));
}

export function device(args: readonly string[], id: string): JsonOption {
  const found = jsonValues(args, '-device').find((candidate) => candidate['id'] === id);
  if (found === undefined) throw new Error(`no device ${id}`);
  return found;
}

/** A `key=value` list; a part without `=` gets the key `''`. */
export function keyValues(value: string): Readonly<Record<string, string>> {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < value.length; i += 1) {
    const doubled = value[i] === ',' && value[i + 1] === ',';
    if (value[i] === ',' && !doubled) {
      parts.push(part);
      part = '';
    } else part += value[i];
    if (doubled) i += 1;
  }
  return Object.fromEntries([...parts, part].map(keyAndValue));
}

function keyAndValue(part: string): readonly [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? ['', part] : [part.slice(0, at), part.slice(at + 1)];
}
