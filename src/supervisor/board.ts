/**
 * The current snapshot of every VM and the stream of their changes. Readers of the API look here and nowhere else.
 *
 * Invariants: a snapshot is replaced only by one that differs, with a resource version higher than any before it,
 * over restarts too; a watcher that asks for a version whose changes are no longer kept is told so.
 */
import type { VmSnapshot } from './snapshot.ts';

export interface BoardChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** For DELETED: the last state, with the version of the deletion. */
  readonly snapshot: VmSnapshot;
  /** The state before; absent for ADDED. */
  readonly previous?: VmSnapshot;
}

/** How many changes are kept for watchers that come back. */
const KEPT_CHANGES = 4096;
const RESERVED_AT_ONCE = 1000;

export class Board {
  readonly #reserve: (count: number) => number;
  readonly #snapshots = new Map<string, VmSnapshot>();
  readonly #changes: BoardChange[] = [];
  readonly #listeners = new Set<(change: BoardChange) => void>();
  #version: number;
  #reservedUpTo: number;
  /** Changes up to this version are no longer known. */
  #forgotten: number;

  /** @param reserve hands out `count` versions that were never used before, and returns the first */
  constructor(reserve: (count: number) => number) {
    this.#reserve = reserve;
    const first = reserve(RESERVED_AT_ONCE);
    this.#version = first;
    this.#reservedUpTo = first + RESERVED_AT_ONCE - 1;
    this.#forgotten = first;
  }

  get version(): number {
    return this.#version;
  }

  get(key: string): VmSnapshot | undefined {
    return this.#snapshots.get(key);
  }

  /** In the order of namespace and name. */
  all(): readonly VmSnapshot[] {
    return [...this.#snapshots.values()].sort(
      (a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
    );
  }

  /** Shows a snapshot unless it says what is shown already. */
  publish(draft: Omit<VmSnapshot, 'resourceVersion'>): void {
    const previous = this.#snapshots.get(draft.key);
    if (previous !== undefined) {
      const { resourceVersion: _, ...shown } = previous;
      if (JSON.stringify(shown) === JSON.stringify(draft)) return;
    }
    const snapshot = { ...draft, resourceVersion: this.nextVersion() };
    this.#snapshots.set(draft.key, snapshot);
    this.#tell(
      previous === undefined
        ? { type: 'ADDED', snapshot }
        : { type: 'MODIFIED', snapshot, previous },
    );
  }

  remove(key: string): void {
    const previous = this.#snapshots.get(key);
    if (previous === undefined) return;
    this.#snapshots.delete(key);
    const snapshot = { ...previous, resourceVersion: this.nextVersion() };
    this.#tell({ type: 'DELETED', snapshot, previous });
  }

  /** @returns the changes after `version`, or undefined when some of them are forgotten */
  since(version: number): readonly BoardChange[] | undefined {
    if (version < this.#forgotten) return undefined;
    return this.#changes.filter((change) => change.snapshot.resourceVersion > version);
  }

  /** @returns how to stop listening */
  listen(listener: (change: BoardChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  nextVersion(): number {
    if (this.#version >= this.#reservedUpTo) {
      const first = this.#reserve(RESERVED_AT_ONCE);
      this.#reservedUpTo = first + RESERVED_AT_ONCE - 1;
      this.#version = Math.max(this.#version, first - 1);
    }
    this.#version += 1;
    return this.#version;
  }

  #tell(change: BoardChange): void {
    this.#changes.push(change);
    if (this.#changes.length > KEPT_CHANGES) {
      const dropped = this.#changes.shift();
      if (dropped !== undefined) this.#forgotten = dropped.snapshot.resourceVersion;
    }
    for (const listener of this.#listeners) listener(change);
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
