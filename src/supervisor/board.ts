/**
 * The current snapshot of every VM and the stream of their changes. Readers of the API look here and nowhere else.
 *
 * Invariants: a snapshot is replaced only by one that differs, with a resource version higher than any before it,
 * over restarts too; a watcher that asks for a version whose changes are no longer kept is told so.
 */
import { sameJson } from '../core/manifest/same-json.ts';
import { instanceFacts, type SnapshotDraft, type VmSnapshot } from './snapshot.ts';
import { type Change, SnapshotStore } from './snapshot-store.ts';
import type { Versions } from './versions.ts';

export type BoardChange = Change<VmSnapshot>;

export class Board {
  readonly #store: SnapshotStore<VmSnapshot>;

  constructor(versions: Versions) {
    this.#store = new SnapshotStore(
      versions,
      (a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
    );
  }

  get version(): number {
    return this.#store.version;
  }

  get(key: string): VmSnapshot | undefined {
    return this.#store.get(key);
  }

  /** In the order of namespace and name. */
  all(): readonly VmSnapshot[] {
    return this.#store.all();
  }

  /** As it was at `version`; undefined when nobody knows any more. */
  at(version: number): readonly VmSnapshot[] | undefined {
    return this.#store.at(version);
  }

  /** Shows a snapshot unless it says what is shown already. */
  publish(draft: SnapshotDraft): void {
    const previous = this.get(draft.key);
    if (previous !== undefined) {
      const { resourceVersion: _, instanceVersion: __, ...shown } = previous;
      if (sameJson(shown, draft)) return;
    }
    const keepsInstance =
      previous !== undefined && sameJson(instanceFacts(previous), instanceFacts(draft));
    this.#store.put(draft.key, (resourceVersion) => ({
      ...draft,
      resourceVersion,
      instanceVersion: keepsInstance ? previous.instanceVersion : resourceVersion,
    }));
  }

  remove(key: string): void {
    this.#store.remove(key, (last, resourceVersion) => ({ ...last, resourceVersion }));
  }

  /** @returns the changes after `version`, or undefined when some of them are forgotten */
  since(version: number): readonly BoardChange[] | undefined {
    return this.#store.since(version);
  }

  /** @returns how to stop listening */
  listen(listener: (change: BoardChange) => void): () => void {
    return this.#store.listen(listener);
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
