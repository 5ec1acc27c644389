/**
 * Objects of one kind, to be listed and watched: rendered from a store of snapshots when somebody asks. Versions are those
 * of the store.
 */
import type { ObjectMeta } from './contract-meta.ts';

export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Objects of the whole host are in no namespace. */
  readonly metadata: Omit<ObjectMeta, 'namespace'> & Partial<Pick<ObjectMeta, 'namespace'>>;
}

export interface ObjectChange<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** What an object was before a change and is after it, where it was and is there at all. */
export interface Transition<T> {
  readonly version: number;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** A store of snapshots as `SnapshotStore` and `Board` are. */
export interface Store<S> {
  readonly version: number;
  all(): readonly S[];
  at(version: number): readonly S[] | undefined;
  since(version: number): readonly StoreChange<S>[] | undefined;
  listen(listener: () => void): () => void;
}

interface StoreChange<S> {
  readonly type: ObjectChange<S>['type'];
  readonly version: number;
  readonly snapshot: S;
  readonly previous?: S;
}

export interface Source<T extends ApiObject> {
  /** The last version that anything has. */
  readonly version: () => number;
  readonly list: () => readonly T[];
  /** All that was there at that version; undefined when nobody knows any more. */
  readonly at: (version: number) => readonly T[] | undefined;
  /** Undefined when changes after that version are forgotten. Rendered as they are looked at. */
  readonly since: (version: number) => Iterable<Transition<T>> | undefined;
  readonly listen: (listener: () => void) => () => void;
}

/** @param render undefined when the snapshot makes no object of this kind */
export function sourceOf<S, T extends ApiObject>(
  store: Store<S>,
  render: (snapshot: S) => T | undefined,
): Source<T> {
  const rendered = (snapshots: readonly S[]): readonly T[] =>
    snapshots.map(render).filter((object) => object !== undefined);
  return {
    version: () => store.version,
    list: () => rendered(store.all()),
    at: (version) => {
      const snapshots = store.at(version);
      return snapshots === undefined ? undefined : rendered(snapshots);
    },
    since: (version) => {
      const changes = store.since(version);
      return changes === undefined ? undefined : transitions(changes, render);
    },
    listen: (listener) => store.listen(() => listener()),
  };
}

function* transitions<S, T>(
  changes: readonly StoreChange<S>[],
  render: (snapshot: S) => T | undefined,
): Iterable<Transition<T>> {
  for (const { type, version, snapshot, previous } of changes)
    yield {
      version,
      before: previous === undefined ? undefined : render(previous),
      after: type === 'DELETED' ? undefined : render(snapshot),
    };
}

/**
 * What a watcher is told, who sees only objects that are as wanted: one that comes to be so is ADDED, one that is so no
 * longer is DELETED (Kubernetes, API concepts).
 */
export function changesOf<T extends ApiObject>(
  { version, before, after }: Transition<T>,
  isWanted: (object: T) => boolean,
): readonly ObjectChange<T>[] {
  const was = before !== undefined && isWanted(before) ? before : undefined;
  const is = after !== undefined && isWanted(after) ? after : undefined;
  if (was === undefined) return is === undefined ? [] : [{ type: 'ADDED', object: is }];
  if (is === undefined) return [{ type: 'DELETED', object: atVersion(was, version) }];
  if (was.metadata.uid !== is.metadata.uid)
    // A watch that ends between the two goes on before both.
    return [
      { type: 'DELETED', object: atVersion(was, version - 1) },
      { type: 'ADDED', object: is },
    ];
  const isSame = was.metadata.resourceVersion === is.metadata.resourceVersion;
  return isSame ? [] : [{ type: 'MODIFIED', object: is }];
}

function atVersion<T extends ApiObject>(object: T, version: number): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}
