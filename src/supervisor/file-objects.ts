/**
 * The Secrets, ConfigMaps and networks of the VM files: looked up for whatever needs them, and shown to clients. A change
 * of a file is in force as soon as the file was read; no guest is touched by it.
 */
import {
  type FileObject,
  NETWORK_KIND,
  type ObjectId,
  type ObjectKind,
  objectKey,
  type ValueObject,
} from '../core/model/file-object.ts';
import type { HostNetwork, NetworkId } from '../core/model/host-network.ts';
import { isOpenToAll } from '../host/open-to-all.ts';
import type { Clock, Logger } from '../ports.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Versions } from './versions.ts';
import type { VmFiles } from './vm-files.ts';

export interface ObjectSnapshot {
  readonly object: FileObject;
  /** When this daemon first saw it (Unix ms): objects are not on record. */
  readonly since: number;
  readonly resourceVersion: number;
}

/** The values by key. */
export function bytesOf({ values }: ValueObject): ReadonlyMap<string, Buffer> {
  return new Map(
    [...values].map(([key, value]) => [
      key,
      'text' in value ? Buffer.from(value.text) : Buffer.from(value.base64, 'base64'),
    ]),
  );
}

export class FileObjects {
  readonly secrets: SnapshotStore<ObjectSnapshot>;
  readonly configMaps: SnapshotStore<ObjectSnapshot>;
  readonly networks: SnapshotStore<ObjectSnapshot>;
  readonly #files: VmFiles;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Open files that the log has told of. */
  readonly #told = new Set<string>();

  constructor(
    { files, clock, log }: { files: VmFiles; clock: Clock; log: Logger },
    versions: Versions,
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
    this.secrets = new SnapshotStore(versions, byName);
    this.configMaps = new SnapshotStore(versions, byName);
    this.networks = new SnapshotStore(versions, byName);
    files.onRead(() => this.#show());
  }

  /** As last valid; undefined when no file declares it. */
  find(id: ObjectId): FileObject | undefined {
    return this.#files.objects.get(objectKey(id))?.object;
  }

  /** The values by key, as bytes; undefined when no file declares the object. */
  values(id: ObjectId): ReadonlyMap<string, Buffer> | undefined {
    const object = this.find(id);
    return object !== undefined && 'values' in object ? bytesOf(object) : undefined;
  }

  /** What a NetworkAttachmentDefinition says; undefined when no file declares it. */
  network({ namespace, name }: NetworkId): HostNetwork | undefined {
    const object = this.find({ kind: NETWORK_KIND, namespace, name });
    return object?.kind === NETWORK_KIND ? object.network : undefined;
  }

  /** Names of the networks that files declare in a namespace. */
  networkNames(namespace: string): readonly string[] {
    return this.allNetworks().flatMap((id) => (id.namespace === namespace ? [id.name] : []));
  }

  /** Every network that files declare. */
  allNetworks(): readonly HostNetwork[] {
    return [...this.#files.objects.values()].flatMap(({ object }) =>
      object.kind === NETWORK_KIND ? [object.network] : [],
    );
  }

  /** A store for each kind. */
  stores(): readonly SnapshotStore<ObjectSnapshot>[] {
    return [this.secrets, this.configMaps, this.networks];
  }

  /** Files with Secrets that every user of the host can read, one sentence each. Looked at now. */
  warnings(): readonly string[] {
    const files = [...this.#files.objects.values()].flatMap(({ object, path }) =>
      object.kind === 'Secret' ? [path] : [],
    );
    return [...new Set(files)].filter(isOpenToAll).map(openWarning);
  }

  #show(): void {
    const { objects } = this.#files;
    for (const store of this.stores())
      for (const { object } of store.all()) {
        const key = objectKey(object);
        if (objects.has(key)) continue;
        store.remove(key, (last, resourceVersion) => ({ ...last, resourceVersion }));
      }
    for (const [key, { object, path }] of objects) {
      const store = this.#storeOf(object.kind);
      const shown = store.get(key);
      if (shown?.object === object) continue;
      const since = shown?.since ?? this.#clock.now();
      store.put(key, (resourceVersion) => ({ object, since, resourceVersion }));
      if (object.kind === 'Secret') this.#tellIfOpen(path);
    }
  }

  #tellIfOpen(path: string): void {
    if (this.#told.has(path) || !isOpenToAll(path)) return;
    this.#told.add(path);
    this.#log.warn({ trouble: openWarning(path) }, 'a Secret is open to all');
  }

  #storeOf(kind: ObjectKind): SnapshotStore<ObjectSnapshot> {
    switch (kind) {
      case 'Secret':
        return this.secrets;
      case 'ConfigMap':
        return this.configMaps;
      case NETWORK_KIND:
        return this.networks;
    }
  }
}

function openWarning(path: string): string {
  return `every user of this host can read ${path}, which holds a Secret: chmod o-rwx ${path}`;
}

function byName({ object: a }: ObjectSnapshot, { object: b }: ObjectSnapshot): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
