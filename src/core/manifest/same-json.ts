/** Equality of JSON values, whatever the order of their fields. */
import type { Json, JsonObject } from '../model/json.ts';
import type { SourceNode } from './source-node.ts';

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The field of that name which the object itself has: `__proto__` and `constructor` are only names. */
export function ownField(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** -0 and 0 are the same number. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isJsonList(a) && isJsonList(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
  );
}

/** Whether a document's value is this JSON. */
export function isSource(node: SourceNode, value: Json | undefined): boolean {
  switch (node.kind) {
    case 'scalar':
      return node.value === value;
    case 'list':
      return (
        isJsonList(value) &&
        node.items.length === value.length &&
        node.items.every((item, index) => isSource(item, value[index]))
      );
    case 'map':
      return (
        isJsonObject(value) &&
        node.entries.size === Object.keys(value).length &&
        [...node.entries].every(
          ([name, entry]) => Object.hasOwn(value, name) && isSource(entry.node, value[name]),
        )
      );
  }
}
