/** Finds the row for a request. Pure. */

/** What a row of any table of paths has. */
interface Row {
  readonly method: string;
  /** `:name` stands for one part of the path. */
  readonly path: string;
}

export type Match<R extends Row> =
  | {
      readonly kind: 'route';
      readonly route: R;
      readonly params: Readonly<Record<string, string>>;
      /** The version that the path named, `v1` for those that have one name only. */
      readonly version: string;
    }
  | {
      readonly kind: 'wrong-method';
      readonly allowed: readonly string[];
    }
  | { readonly kind: 'unknown-path' };

/** KubeVirt's older version answers at its own paths too; discovery tells them apart itself. */
const OLD_VERSION = /^(\/apis\/(?:subresources\.)?kubevirt\.io\/)v1alpha3(?=\/[^/])/;

export function match<R extends Row>(rows: readonly R[], method: string, path: string): Match<R> {
  const version = OLD_VERSION.test(path) ? 'v1alpha3' : 'v1';
  const parts = split(path.replace(OLD_VERSION, '$1v1'));
  if (parts === undefined) return { kind: 'unknown-path' };
  const allowed: string[] = [];
  for (const route of rows) {
    const params = paramsOf(route.path, parts);
    if (params === undefined) continue;
    if (route.method === method) return { kind: 'route', route, params, version };
    allowed.push(route.method);
  }
  return allowed.length === 0 ? { kind: 'unknown-path' } : { kind: 'wrong-method', allowed };
}

function split(path: string): readonly string[] | undefined {
  try {
    return path.replace(/\/+$/, '').split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** Of each path that was looked at, which are those of the tables. */
const NAMES = new Map<string, readonly string[]>();

function namesOf(pattern: string): readonly string[] {
  const known = NAMES.get(pattern);
  if (known !== undefined) return known;
  const names = pattern.split('/');
  NAMES.set(pattern, names);
  return names;
}

function paramsOf(
  pattern: string,
  parts: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const names = namesOf(pattern);
  if (names.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? '';
    if (name.startsWith(':') && part !== '') params[name.slice(1)] = part;
    else if (name !== part) return undefined;
  }
  return params;
}
