/**
 * The namespaces that there are: `default`, and those that a VM is in. None is made or removed by itself.
 */
import type { Clock } from '../ports.ts';
import type { Board, BoardChange } from './board.ts';
import type { VmSnapshot } from './snapshot.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Versions } from './versions.ts';

export interface NamespaceSnapshot {
  readonly name: string;
  /** When its oldest VM was first seen (Unix ms). */
  readonly since: number;
  readonly resourceVersion: number;
}

const DEFAULT = 'default';

export class Namespaces {
  readonly snapshots: SnapshotStore<NamespaceSnapshot>;
  /** Keys of the VMs in each. */
  readonly #inside = new Map<string, Set<string>>();

  constructor(board: Board, versions: Versions, clock: Clock) {
    this.snapshots = new SnapshotStore(versions, (a, b) => (a.name < b.name ? -1 : 1));
    const since = clock.now();
    this.snapshots.seed(DEFAULT, (resourceVersion) => ({ name: DEFAULT, since, resourceVersion }));
    board.listen((change) => this.#take(change));
  }

  #take({ type, key, snapshot }: BoardChange): void {
    if (type === 'DELETED') this.#leave(key, snapshot.namespace);
    else if (type === 'ADDED') this.#enter(key, snapshot);
  }

  #enter(key: string, { namespace: name, record, seenAt }: VmSnapshot): void {
    const inside = this.#inside.get(name) ?? new Set();
    this.#inside.set(name, inside.add(key));
    const since = record?.createdAt ?? seenAt;
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
