/**
 * The current snapshots of things of one kind, and the last changes to them. What lists and watches are served from.
 *
 * Invariants: every change has a version above that of the change before it; what was there at a version can be told
 * for as long as the changes since then are kept, and never wrongly after that.
 */
import type { Versions } from './versions.ts';

export interface Change<S> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly version: number;
  /** For DELETED: the last state, with the version of the deletion. */
  readonly snapshot: S;
  /** The state before; absent for ADDED. */
  readonly previous?: S;
}

/** How many changes are kept for watchers that come back. */
const KEPT_CHANGES = 4096;

export class SnapshotStore<S> {
  readonly #versions: Versions;
  readonly #order: (a: S, b: S) => number;
  readonly #snapshots = new Map<string, S>();
  readonly #changes: Change<S>[] = [];
  readonly #listeners = new Set<(change: Change<S>) => void>();
  /** All, in their order, until something changes. */
  #sorted: readonly S[] | undefined;
  /** Changes up to this version are no longer known. */
  #forgotten: number;

  /** @param order of lists */
  constructor(versions: Versions, order: (a: S, b: S) => number) {
    this.#versions = versions;
    this.#order = order;
    this.#forgotten = versions.current;
  }

  /** Of everything that clients read: no change of this store is above it. */
  get version(): number {
    return this.#versions.current;
  }

  get size(): number {
    return this.#snapshots.size;
  }

  get(key: string): S | undefined {
    return this.#snapshots.get(key);
  }

  all(): readonly S[] {
    this.#sorted ??= [...this.#snapshots.values()].sort(this.#order);
    return this.#sorted;
  }

  /** All that was there at `version`; undefined when changes since then are forgotten, or it was never given out. */
  at(version: number): readonly S[] | undefined {
    const later = this.since(version);
    if (later === undefined) return undefined;
    const then = new Map(this.#snapshots);
    for (const { key, previous } of later.toReversed())
      if (previous === undefined) then.delete(key);
      else then.set(key, previous);
    return [...then.values()].sort(this.#order);
  }

  /** What was there before anybody could look: no change. */
  seed(key: string, snapshotOf: (version: number) => S): void {
    this.#snapshots.set(key, snapshotOf(this.#versions.current));
    this.#sorted = undefined;
  }

  /** Key of what has been there longest. */
  oldest(): string | undefined {
    return this.#snapshots.keys().next().value;
  }

  /** @param snapshotOf makes the snapshot with the version of the change */
  put(key: string, snapshotOf: (version: number) => S): S {
    const previous = this.#snapshots.get(key);
    const version = this.#versions.next();
    const snapshot = snapshotOf(version);
    this.#snapshots.set(key, snapshot);
    this.#tell(
      previous === undefined
        ? { type: 'ADDED', key, version, snapshot }
        : { type: 'MODIFIED', key, version, snapshot, previous },
    );
    return snapshot;
  }

  /** @param snapshotOf makes the last snapshot with the version of the deletion */
  remove(key: string, snapshotOf: (last: S, version: number) => S): void {
    const previous = this.#snapshots.get(key);
    if (previous === undefined) return;
    this.#snapshots.delete(key);
    const version = this.#versions.next();
    const snapshot = snapshotOf(previous, version);
    this.#tell({ type: 'DELETED', key, version, snapshot, previous });
  }

  /** @returns the changes after `version`; undefined when some are forgotten, or it was never given out */
  since(version: number): readonly Change<S>[] | undefined {
    if (version < this.#forgotten || version > this.version) return undefined;
    return this.#changes.slice(this.#firstAfter(version));
  }

  /** @returns how to stop listening */
  listen(listener: (change: Change<S>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #firstAfter(version: number): number {
    let [low, high] = [0, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.version ?? 0) > version) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #tell(change: Change<S>): void {
    this.#sorted = undefined;
    this.#changes.push(change);
    if (this.#changes.length > KEPT_CHANGES) {
      const dropped = this.#changes.shift();
      if (dropped !== undefined) this.#forgotten = dropped.version;
    }
    for (const listener of this.#listeners) listener(change);
  }
}
