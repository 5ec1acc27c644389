/**
 * Which fields differ between two manifests: what the condition RestartRequired shows.
 */
import type { Json, JsonObject } from '../model/json.ts';
import { fieldPath, itemPath } from './field-path.ts';

/**
 * Paths of the fields that differ, in the order of `before`, then new ones. Items of a list whose items
 * all have a `name` are matched by it, others by place. Something added or removed as a whole is one path.
 */
export function changedFields(before: JsonObject, after: JsonObject): readonly string[] {
  return compare(before, after, '');
}

function compare(
  before: Json | undefined,
  after: Json | undefined,
  path: string,
): readonly string[] {
  if (isList(before) && isList(after)) return compareLists(before, after, path);
  if (isObject(before) && isObject(after)) return compareObjects(before, after, path);
  return before === after ? [] : [path];
}

function compareObjects(before: JsonObject, after: JsonObject, path: string): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    compare(own(before, name), own(after, name), fieldPath(path, name)),
  );
}

function compareLists(
  before: readonly Json[],
  after: readonly Json[],
  path: string,
): readonly string[] {
  const old = byName(before);
  const current = byName(after);
  if (old === undefined || current === undefined) return compareByPlace(before, after, path);
  const names = new Set([...old.keys(), ...current.keys()]);
  const changed = [...names].flatMap((name) =>
    compare(old.get(name), current.get(name), itemPath(path, name)),
  );
  // The order of disks and interfaces is the order in which a guest finds them.
  return [...(sameOrder(old, current) ? [] : [path]), ...changed];
}

function compareByPlace(
  before: readonly Json[],
  after: readonly Json[],
  path: string,
): readonly string[] {
  const length = Math.max(before.length, after.length);
  return Array.from({ length }, (_, index) =>
    compare(before[index], after[index], itemPath(path, index)),
  ).flat();
}

/** The items under their names; undefined unless every item has one of its own. */
function byName(items: readonly Json[]): ReadonlyMap<string, Json> | undefined {
  const named = new Map<string, Json>();
  for (const item of items) {
    const name = isObject(item) ? own(item, 'name') : undefined;
    if (typeof name !== 'string' || named.has(name)) return undefined;
    named.set(name, item);
  }
  return named;
}

function sameOrder(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): boolean {
  const common = [...before.keys()].filter((name) => after.has(name));
  const found = [...after.keys()].filter((name) => before.has(name));
  return common.every((name, index) => name === found[index]);
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
