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

/**
 * Whether two pieces of plain data are the same JSON: a field that is undefined is not written down, and -0 and 0 are the same
 * number. What both share is not looked into.
 */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isFields(a) || !isFields(b)) return false;
  const names = writtenNames(a);
  return (
    names.length === writtenNames(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
  );
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function writtenNames(fields: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(fields).filter((name) => fields[name] !== undefined);
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
