/**
 * JSON patch (RFC 6902) on plain values: all operations or none. Words are those of the library that Kubernetes uses
 * (evanphx/json-patch) where it has them. Bounded, because `copy` can double a value each time.
 */
import { isJsonList, isJsonObject, ownField } from '../manifest/same-json.ts';
import type { Json, JsonObject } from '../model/json.ts';
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
  const root: Root = { value: grow(target), copied: 0 };
  for (const operation of operations) apply(root, operation);
  return shrink(root.value);
}

/**
 * A value that is changed in place: thousands of operations on one large object must not copy it each time. Maps, so that
 * `__proto__` is only a name, and their size is known.
 */
type Tree = string | number | boolean | null | Tree[] | Map<string, Tree>;

interface Root {
  value: Tree;
  copied: number;
}

function grow(value: Json): Tree {
  if (isJsonList(value)) return value.map(grow);
  if (!isJsonObject(value)) return value;
  return new Map(Object.entries(value).map(([name, inner]) => [name, grow(inner)]));
}

function shrink(tree: Tree): Json {
  if (Array.isArray(tree)) return tree.map(shrink);
  if (!(tree instanceof Map)) return tree;
  return Object.fromEntries([...tree].map(([name, inner]) => [name, shrink(inner)]));
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

function apply(root: Root, { op, path, from, value = null }: Operation): void {
  switch (op) {
    case 'add':
      put(root, path, grow(value), 'add');
      return;
    case 'replace':
      at(root, path, 'replace');
      put(root, path, grow(value), 'replace');
      return;
    case 'remove':
      remove(root, path);
      return;
    case 'copy':
      put(root, path, copyOf(at(root, from, 'copy'), root), 'add');
      return;
    case 'move': {
      const moved = at(root, from, 'move');
      if (path === from) return;
      if (path.startsWith(`${from}/`))
        throw failed(`move operation: ${from} cannot go into itself`);
      remove(root, from);
      put(root, path, moved, 'add');
      return;
    }
    case 'test':
      if (!isSame(find(root.value, stepsOf(path)) ?? null, value))
        throw failed(`testing value ${path} failed: test failed`);
  }
}

function stepsOf(path: string): readonly string[] {
  const steps = path.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(tree: Tree, steps: readonly string[]): Tree | undefined {
  let value: Tree | undefined = tree;
  for (const step of steps) {
    if (Array.isArray(value)) value = value[indexOf(step) ?? -1];
    else if (value instanceof Map) value = value.get(step);
    else return undefined;
  }
  return value;
}

function at({ value }: Root, path: string, op: string): Tree {
  const found = find(value, stepsOf(path));
  if (found === undefined) throw missing(op, path);
  return found;
}

/** What holds the value at the end of a path, and under which name. */
function holderOf(
  { value }: Root,
  path: string,
  op: string,
): { readonly holder: Tree; readonly name: string } {
  const steps = stepsOf(path);
  const holder = find(value, steps.slice(0, -1));
  const name = steps.at(-1);
  if (holder === undefined || name === undefined) throw missing(op, path);
  return { holder, name };
}

function indexOf(step: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : undefined;
}

function put(root: Root, path: string, value: Tree, op: 'add' | 'replace'): void {
  if (path === '') {
    root.value = value;
    return;
  }
  const { holder, name } = holderOf(root, path, op);
  if (holder instanceof Map) {
    holder.set(name, value);
    return;
  }
  const last = Array.isArray(holder) ? holder.length : 0;
  const index = name === '-' && op === 'add' ? last : indexOf(name);
  if (!Array.isArray(holder) || index === undefined || index > last) throw missing(op, path);
  holder.splice(index, op === 'add' ? 0 : 1, value);
}

function remove(root: Root, path: string): void {
  if (path === '') throw failed('remove operation: the whole object cannot be removed');
  const { holder, name } = holderOf(root, path, 'remove');
  if (holder instanceof Map && holder.delete(name)) return;
  const index = Array.isArray(holder) ? indexOf(name) : undefined;
  if (!Array.isArray(holder) || index === undefined || index >= holder.length)
    throw missing('remove', path);
  holder.splice(index, 1);
}

function copyOf(tree: Tree, root: Root): Tree {
  root.copied += 1;
  if (root.copied > MAX_COPIED)
    throw failed('the copy operations of the patch make too large an object');
  if (Array.isArray(tree)) return tree.map((item) => copyOf(item, root));
  if (!(tree instanceof Map)) return tree;
  return new Map([...tree].map(([name, inner]) => [name, copyOf(inner, root)]));
}

/** Takes time by the size of what is expected, not of what is there. */
function isSame(tree: Tree, expected: Json): boolean {
  if (isJsonList(expected))
    return (
      Array.isArray(tree) &&
      tree.length === expected.length &&
      expected.every((item, index) => isSame(tree[index] ?? null, item))
    );
  if (!isJsonObject(expected)) return tree === expected;
  if (!(tree instanceof Map)) return false;
  const fields = Object.entries(expected);
  return (
    fields.length === tree.size &&
    fields.every(([name, inner]) => {
      const found = tree.get(name);
      return found !== undefined && isSame(found, inner);
    })
  );
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
