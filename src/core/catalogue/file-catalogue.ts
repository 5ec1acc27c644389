/**
 * The catalogue as it is kept: a change of a file is resolved together with those files alone that have a say in the
 * same names, however many others there are.
 *
 * Invariant: it always says what `resolveCatalogue` and `resolveObjects` say of all files. Files that share no name, and
 * of which none declared last what the other declares now, do not bear on each other; what does (`start-after`) is looked
 * at over all of them.
 */
import { objectKey } from '../model/file-object.ts';
import {
  type Catalogue,
  type CatalogueEntry,
  type Claims,
  keyOf,
  resolveEntries,
  sameEntry,
  withOrderProblems,
} from './catalogue.ts';
import type { KnownFile } from './known-file.ts';
import { type ObjectEntry, type Objects, resolveObjects } from './objects.ts';

export class FileCatalogue {
  readonly #files = new Map<string, KnownFile>();
  /** Names of VMs and objects that each file declares, and the other way round. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #declaredIn = new Map<string, readonly string[]>();
  /** What changed since `resolve` was called last: files, and the names that they declare or did. */
  readonly #changed = new Set<string>();
  readonly #inQuestion = new Set<string>();
  #entries: Catalogue = new Map();
  #catalogue: Catalogue = this.#entries;
  #objects: Objects = new Map();

  /** As last resolved; another map whenever any entry is another. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Secrets, ConfigMaps and the like as last valid; another map whenever one of them is another. */
  get objects(): Objects {
    return this.#objects;
  }

  file(path: string): KnownFile | undefined {
    return this.#files.get(path);
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** A file as it is now. */
  take(file: KnownFile): void {
    if (this.#files.get(file.path) === file) return;
    this.#files.set(file.path, file);
    this.#declare(file.path, namesIn(file));
  }

  forget(path: string): void {
    if (this.#files.delete(path)) this.#declare(path, []);
  }

  /**
   * Takes in what changed.
   * @returns keys of the VMs, and of files that declare none, whose entry is another
   */
  resolve(claims: Claims): readonly string[] {
    const paths = this.#concerned(claims);
    this.#changed.clear();
    this.#inQuestion.clear();
    if (paths.size === 0) return [];
    const files = [...paths].flatMap((path) => this.#files.get(path) ?? []);
    const { objects, faults } = resolveObjects(files, this.#objects);
    this.#objects = merged(this.#objects, objects, paths, sameObject);
    const resolved = resolveEntries(files, claims, faults);
    this.#entries = merged(this.#entries, resolved, paths, sameEntry);
    return this.#show(withOrderProblems(this.#entries));
  }

  #declare(path: string, names: readonly string[]): void {
    this.#changed.add(path);
    for (const name of this.#names.get(path) ?? []) {
      this.#inQuestion.add(name);
      const others = this.#declaredIn.get(name)?.filter((other) => other !== path) ?? [];
      if (others.length === 0) this.#declaredIn.delete(name);
      else this.#declaredIn.set(name, others);
    }
    for (const name of names) {
      this.#inQuestion.add(name);
      this.#declaredIn.set(name, [...(this.#declaredIn.get(name) ?? []), path]);
    }
    if (names.length === 0) this.#names.delete(path);
    else this.#names.set(path, names);
  }

  /** The files that changed, and with each file those that have a say in its names. */
  #concerned(claims: Claims): ReadonlySet<string> {
    const paths = new Set(this.#changed);
    const names = new Set(this.#inQuestion);
    for (let known = -1; known < paths.size; ) {
      known = paths.size;
      for (const [name, { path }] of claims) if (paths.has(path)) names.add(name);
      for (const path of paths) for (const name of this.#names.get(path) ?? []) names.add(name);
      for (const name of names) for (const path of this.#sayIn(name, claims)) paths.add(path);
    }
    return paths;
  }

  #sayIn(name: string, claims: Claims): readonly string[] {
    const declaring = this.#declaredIn.get(name) ?? [];
    const claim = claims.get(name);
    return claim === undefined ? declaring : [...declaring, claim.path];
  }

  #show(now: Catalogue): readonly string[] {
    const before = this.#catalogue;
    this.#catalogue = now;
    if (now === before) return [];
    const changed: string[] = [];
    for (const [key, entry] of now) if (!sameEntry(entry, before.get(key))) changed.push(key);
    for (const key of before.keys()) if (!now.has(key)) changed.push(key);
    return changed;
  }
}

function namesIn({ documents }: KnownFile): readonly string[] {
  const names = documents.flatMap(({ identity, object }) => [
    ...(identity === undefined ? [] : [keyOf(identity)]),
    ...(object === undefined ? [] : [objectKey(object)]),
  ]);
  return [...new Set(names)];
}

function sameObject(a: ObjectEntry, b: ObjectEntry | undefined): boolean {
  return a.path === b?.path && a.object === b.object;
}

/**
 * `before` with what these files declare now in place of what they declared.
 * @returns `before` itself when that is the same
 */
function merged<E extends Pick<CatalogueEntry, 'path'>>(
  before: ReadonlyMap<string, E>,
  now: ReadonlyMap<string, E>,
  paths: ReadonlySet<string>,
  isSame: (a: E, b: E | undefined) => boolean,
): ReadonlyMap<string, E> {
  const gone: string[] = [];
  for (const [key, { path }] of before) if (paths.has(path) && !now.has(key)) gone.push(key);
  const news = [...now].filter(([key, entry]) => !isSame(entry, before.get(key)));
  if (gone.length === 0 && news.length === 0) return before;
  const next = new Map(before);
  for (const key of gone) next.delete(key);
  for (const [key, entry] of news) next.set(key, entry);
  return next;
}
