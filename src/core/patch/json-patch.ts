/**
 * JSON patch (RFC 6902) on plain values: all operations or none. Words are those of the library that Kubernetes uses
 * (evanphx/json-patch) where it has them. Bounded, because `copy` can double a value each time.
 */
import { isJsonList, isJsonObject, ownField, sameJson } from '../manifest/same-json.ts';
import type { Json, JsonObject } from '../model/virtual-machine.ts';
import { PatchError } from './patch-error.ts';

/** Kubernetes' limit (`maxJSONPatchOperations`). */
const MAX_OPERATIONS = 10_000;
/** Values that all `copy` operations together may add. */
const MAX_COPIED = 100_000;

const KINDS = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

interface Operation {
  readonly op: (typeof KINDS)[number];
  readonly path: string;
  readonly from: string;
  readonly value: Json | undefined;
}

/** @throws PatchError */
export function jsonPatch(target: Json, patch: unknown): Json {
  const operations = readPatch(patch);
  let copied = 0;
  let value = target;
  for (const operation of operations) {
    if (operation.op === 'copy') copied += weigh(at(value, operation.from, 'copy'), MAX_COPIED);
    if (copied > MAX_COPIED)
      throw failed('the copy operations of the patch make too large an object');
    value = apply(value, operation);
  }
  return value;
}

function readPatch(patch: unknown): readonly Operation[] {
  if (!Array.isArray(patch)) throw malformed('a JSON patch is a list of operations');
  if (patch.length > MAX_OPERATIONS)
    throw malformed(
      `a JSON patch may have ${MAX_OPERATIONS} operations, this one has ${patch.length}`,
    );
  return patch.map(readOperation);
}

function readOperation(found: unknown, index: number): Operation {
  const where = `operation ${index + 1} of the JSON patch`;
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw malformed(`${where} is no object`);
  const fields = found as JsonObject;
  const op = KINDS.find((kind) => kind === ownField(fields, 'op'));
  if (op === undefined) throw malformed(`${where}: op must be one of ${KINDS.join(', ')}`);
  const needsValue = op === 'add' || op === 'replace' || op === 'test';
  const value = ownField(fields, 'value');
  if (needsValue && value === undefined) throw malformed(`${where}: ${op} needs a value`);
  const from = op === 'move' || op === 'copy' ? pointer(fields, 'from', where) : '';
  return { op, path: pointer(fields, 'path', where), from, value };
}

function pointer(fields: JsonObject, name: 'path' | 'from', where: string): string {
  const found = ownField(fields, name);
  if (typeof found === 'string' && /^(\/([^~]|~[01])*)?$/.test(found)) return found;
  throw malformed(`${where}: ${name} must be a JSON pointer such as /spec/runStrategy`);
}

function apply(target: Json, { op, path, from, value }: Operation): Json {
  switch (op) {
    case 'add':
      return put(target, stepsOf(path), value ?? null, 'add', path);
    case 'replace':
      at(target, path, 'replace');
      return put(target, stepsOf(path), value ?? null, 'replace', path);
    case 'remove':
      return remove(target, stepsOf(path), path);
    case 'copy':
      return put(target, stepsOf(path), at(target, from, 'copy'), 'add', path);
    case 'move': {
      if (path === from) return target;
      if (path.startsWith(`${from}/`))
        throw failed(`move operation: ${from} cannot go into itself`);
      const moved = at(target, from, 'move');
      return put(remove(target, stepsOf(from), from), stepsOf(path), moved, 'add', path);
    }
    case 'test':
      if (!sameJson(find(target, stepsOf(path)) ?? null, value ?? null))
        throw failed(`testing value ${path} failed: test failed`);
      return target;
  }
}

function stepsOf(path: string): readonly string[] {
  const steps = path.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(target: Json, steps: readonly string[]): Json | undefined {
  let value: Json | undefined = target;
  for (const step of steps) {
    if (isJsonList(value)) value = value[indexOf(step) ?? -1];
    else if (isJsonObject(value)) value = ownField(value, step);
    else return undefined;
  }
  return value;
}

function at(target: Json, path: string, op: string): Json {
  const value = find(target, stepsOf(path));
  if (value === undefined) throw missing(op, path);
  return value;
}

function indexOf(step: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : undefined;
}

function put(
  target: Json | undefined,
  steps: readonly string[],
  value: Json,
  how: 'add' | 'replace',
  path: string,
): Json {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (isJsonList(target)) {
    const index =
      step === '-' && how === 'add' && rest.length === 0 ? target.length : indexOf(step);
    if (index === undefined || index > target.length) throw missing(how, path);
    if (rest.length === 0) return target.toSpliced(index, how === 'add' ? 0 : 1, value);
    return target.with(
      index < target.length ? index : fail(how, path),
      put(target[index], rest, value, how, path),
    );
  }
  if (!isJsonObject(target)) throw missing(how, path);
  const inner = ownField(target, step);
  if (rest.length > 0 && inner === undefined) throw missing(how, path);
  const next = rest.length === 0 ? value : put(inner, rest, value, how, path);
  // As entries, so that a field `__proto__` is only a field.
  const others = Object.entries(target);
  if (inner === undefined) return Object.fromEntries([...others, [step, next]]);
  return Object.fromEntries(others.map(([name, old]) => [name, name === step ? next : old]));
}

function remove(target: Json, steps: readonly string[], path: string): Json {
  const [step, ...rest] = steps;
  if (step === undefined) throw failed('remove operation: the whole object cannot be removed');
  if (isJsonList(target)) {
    const index = indexOf(step);
    const inner = target[index ?? -1];
    if (index === undefined || inner === undefined) throw missing('remove', path);
    if (rest.length === 0) return target.toSpliced(index, 1);
    return target.with(index, remove(inner, rest, path));
  }
  const inner = isJsonObject(target) ? ownField(target, step) : undefined;
  if (!isJsonObject(target) || inner === undefined) throw missing('remove', path);
  const others = Object.entries(target);
  if (rest.length === 0) return Object.fromEntries(others.filter(([name]) => name !== step));
  return Object.fromEntries(
    others.map(([name, old]) => [name, name === step ? remove(inner, rest, path) : old]),
  );
}

/** Values in it, counted up to `most`. */
function weigh(value: Json, most: number): number {
  let count = 0;
  const open: Json[] = [value];
  for (let next = open.pop(); next !== undefined && count <= most; next = open.pop()) {
    count += 1;
    if (typeof next === 'object' && next !== null) open.push(...(Object.values(next) as Json[]));
  }
  return count;
}

function fail(op: string, path: string): never {
  throw missing(op, path);
}

function missing(op: string, path: string): PatchError {
  return failed(`${op} operation does not apply: doc is missing path: "${path}": missing value`);
}

function failed(message: string): PatchError {
  return new PatchError('failed', message);
}

function malformed(message: string): PatchError {
  return new PatchError('malformed', message);
}
