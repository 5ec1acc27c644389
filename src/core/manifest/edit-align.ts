/** Which items of a list are which items of another: by their names, else by what they hold. */
import type { Json } from '../model/json.ts';
import { isJsonObject, isSource, ownField } from './same-json.ts';
import type { SourceNode } from './source-node.ts';

/**
 * @returns for each wanted item the index of the one that it was, always growing, or undefined for a new one
 */
export function alignItems(
  before: readonly SourceNode[],
  wanted: readonly Json[],
): readonly (number | undefined)[] {
  const names = before.map(nameOfNode);
  const newNames = wanted.map(nameOfJson);
  if (areUnique(names) && areUnique(newNames))
    return growing(newNames.map((name) => indexOf(names, name)));
  return byPlace(before, wanted);
}

function nameOfNode(node: SourceNode): string | undefined {
  const name = node.kind === 'map' ? node.entries.get('name')?.node : undefined;
  return name?.kind === 'scalar' && typeof name.value === 'string' ? name.value : undefined;
}

function nameOfJson(value: Json): string | undefined {
  const name = isJsonObject(value) ? ownField(value, 'name') : undefined;
  return typeof name === 'string' ? name : undefined;
}

function areUnique(names: readonly (string | undefined)[]): boolean {
  return !names.includes(undefined) && new Set(names).size === names.length;
}

function indexOf(
  names: readonly (string | undefined)[],
  name: string | undefined,
): number | undefined {
  const index = names.indexOf(name);
  return index === -1 ? undefined : index;
}

/** Drops what would have to move, and keeps a longest growing row of the others. */
function growing(indexes: readonly (number | undefined)[]): readonly (number | undefined)[] {
  const length: number[] = [];
  const previous: number[] = [];
  let best = -1;
  for (const [at, index] of indexes.entries()) {
    length[at] = index === undefined ? 0 : 1;
    previous[at] = -1;
    if (index === undefined) continue;
    for (let earlier = 0; earlier < at; earlier += 1) {
      const other = indexes[earlier];
      if (other === undefined || other >= index) continue;
      if ((length[earlier] ?? 0) + 1 <= (length[at] ?? 0)) continue;
      length[at] = (length[earlier] ?? 0) + 1;
      previous[at] = earlier;
    }
    if (best === -1 || (length[at] ?? 0) > (length[best] ?? 0)) best = at;
  }
  const kept = new Set<number>();
  for (let at = best; at !== -1; at = previous[at] ?? -1) kept.add(at);
  return indexes.map((index, at) => (kept.has(at) ? index : undefined));
}

/** What is the same at both ends stays; in between the first becomes the first, and so on. */
function byPlace(
  before: readonly SourceNode[],
  wanted: readonly Json[],
): readonly (number | undefined)[] {
  const most = Math.min(before.length, wanted.length);
  const same = (a: SourceNode | undefined, b: Json | undefined): boolean =>
    a !== undefined && isSource(a, b);
  let head = 0;
  while (head < most && same(before[head], wanted[head])) head += 1;
  let tail = 0;
  while (tail < most - head && same(before.at(-1 - tail), wanted.at(-1 - tail))) tail += 1;
  return wanted.map((_, index) => {
    if (index < head) return index;
    const fromEnd = wanted.length - index;
    if (fromEnd <= tail) return before.length - fromEnd;
    return index < before.length - tail ? index : undefined;
  });
}
