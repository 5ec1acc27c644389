import type { JsonObject } from './virtual-machine.ts';

/** The object that a value is, or an empty one: for reading what validation has already let through. */
export function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}
