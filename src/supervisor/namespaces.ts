/**
 * The namespaces that there are: `default`, and those that a VM or another object of a file is in. None is made or
 * removed by itself.
 */
import type { Ground } from './ground.ts';
import { type Change, SnapshotStore } from './snapshot-store.ts';
import type { Versions } from './versions.ts';

export interface NamespaceSnapshot {
  readonly name: string;
  /** When the oldest of what is in it was first seen (Unix ms). */
  readonly since: number;
  readonly resourceVersion: number;
}

/** What keeps a namespace there. */
interface Member {
  readonly namespace: string;
  readonly since: number;
}

const DEFAULT = 'default';

export class Namespaces {
  readonly snapshots: SnapshotStore<NamespaceSnapshot>;
  /** Keys of what is in each. */
  readonly #inside = new Map<string, Set<string>>();

  constructor(
    { board, objects, clock }: Pick<Ground, 'board' | 'objects' | 'clock'>,
    versions: Versions,
  ) {
    this.snapshots = new SnapshotStore(versions, (a, b) => (a.name < b.name ? -1 : 1));
    const since = clock.now();
    this.snapshots.seed(DEFAULT, (resourceVersion) => ({ name: DEFAULT, since, resourceVersion }));
    board.listen(({ type, key, snapshot }) => {
      const { namespace, record, seenAt } = snapshot;
      this.#take(type, key, { namespace, since: record?.createdAt ?? seenAt });
    });
    for (const store of objects.stores())
      store.listen(({ type, key, snapshot: { object, since: seenAt } }) =>
        this.#take(type, key, { namespace: object.namespace, since: seenAt }),
      );
  }

  #take(type: Change<unknown>['type'], key: string, { namespace, since }: Member): void {
    if (type === 'DELETED') this.#leave(key, namespace);
    else if (type === 'ADDED') this.#enter(key, { namespace, since });
  }

  #enter(key: string, { namespace: name, since }: Member): void {
    const inside = this.#inside.get(name) ?? new Set();
    this.#inside.set(name, inside.add(key));
    const known = this.snapshots.get(name);
    if (known !== undefined && known.since <= since) return;
    this.snapshots.put(name, (resourceVersion) => ({ name, since, resourceVersion }));
  }

  #leave(key: string, name: string): void {
    const inside = this.#inside.get(name);
    inside?.delete(key);
    if (inside === undefined || inside.size > 0) return;
    this.#inside.delete(name);
    if (name === DEFAULT) return;
    this.snapshots.remove(name, (last, resourceVersion) => ({ ...last, resourceVersion }));
  }
}
