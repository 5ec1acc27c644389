/** The one node that there is: this host, which takes no guests while it is drained. */
import type { DrainingState } from './context.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Versions } from './versions.ts';

export interface NodeSnapshot {
  /** Since when this daemon looks after the host (Unix ms). */
  readonly since: number;
  readonly draining?: DrainingState;
  readonly resourceVersion: number;
}

const KEY = 'host';

export class HostNode {
  readonly snapshots: SnapshotStore<NodeSnapshot>;
  readonly #since: number;

  /** @param since Unix ms */
  constructor(versions: Versions, since: number) {
    this.#since = since;
    this.snapshots = new SnapshotStore(versions, () => 0);
    this.snapshots.seed(KEY, (resourceVersion) => ({ since, resourceVersion }));
  }

  show(draining: DrainingState | undefined): void {
    this.snapshots.put(KEY, (resourceVersion) => ({
      since: this.#since,
      ...(draining === undefined ? {} : { draining }),
      resourceVersion,
    }));
  }
}
