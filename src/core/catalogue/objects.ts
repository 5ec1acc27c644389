/**
 * Which document of which file is in force for each Secret and ConfigMap. Pure, and by the rules for VMs, with one
 * difference: no record keeps objects, so that only what was resolved before knows the last good one.
 */
import { type FileObject, objectKey, sameObject } from '../model/file-object.ts';
import type { Problem } from '../model/problem.ts';
import { isBroken, type KnownFile } from './known-file.ts';

/** An object, and the file that declares it. */
export interface ObjectEntry {
  readonly path: string;
  /** As last valid. */
  readonly object: FileObject;
}

/** By `objectKey`. */
export type Objects = ReadonlyMap<string, ObjectEntry>;

/** A fault that only several documents together show. */
export interface FileFault {
  readonly path: string;
  readonly problem: Problem;
}

interface Holder {
  readonly path: string;
  readonly startLine: number;
  readonly content: FileObject | undefined;
}

/** @param before what the last call gave */
export function resolveObjects(
  files: readonly KnownFile[],
  before: Objects,
): { readonly objects: Objects; readonly faults: readonly FileFault[] } {
  const holders = new Map<string, Holder>();
  const faults: FileFault[] = [];
  for (const declared of declaredIn(files)) {
    const { key, ...one } = declared;
    const holder = holders.get(key);
    const own = before.get(key)?.path;
    const wins = holder === undefined || (own === one.path && holder.path !== one.path);
    const loser = wins ? holder : one;
    if (wins) holders.set(key, one);
    if (loser !== undefined)
      faults.push({
        path: loser.path,
        problem: duplicate(key, loser, holders.get(key)?.path ?? ''),
      });
  }
  const objects = new Map<string, ObjectEntry>();
  for (const [key, { path, content }] of holders) {
    const object = inForce(content, before.get(key)?.object);
    if (object !== undefined) objects.set(key, { path, object });
  }
  const unclear = new Set(files.filter(isBroken).map(({ path }) => path));
  for (const [key, entry] of before)
    if (!holders.has(key) && unclear.has(entry.path)) objects.set(key, entry);
  return { objects, faults };
}

function* declaredIn(files: readonly KnownFile[]): Generator<Holder & { readonly key: string }> {
  for (const { path, documents } of files.toSorted((a, b) => a.order - b.order))
    for (const { object, startLine } of documents)
      if (object !== undefined)
        yield { key: objectKey(object), path, startLine, content: object.content };
}

/** What reads the same stays the same object, so that nobody takes it for a change. */
function inForce(
  now: FileObject | undefined,
  before: FileObject | undefined,
): FileObject | undefined {
  if (now === undefined || before === undefined) return now ?? before;
  return sameObject(now, before) ? before : now;
}

function duplicate(key: string, { startLine }: Holder, inForceIn: string): Problem {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return {
    code: 'duplicate-object',
    severity: 'error',
    path: 'metadata.name',
    line: startLine,
    column: 1,
    message: `${kind} ${namespace}/${name} is already declared in ${inForceIn}, which stays in force; give this one another name or remove it`,
  };
}
