/**
 * The changes of a list, one object at a time: each addition, modification and deletion once, also over the ends of watch
 * streams and restarts of the daemon.
 */
import type { ObjectMeta } from '../api/contract-meta.ts';
import type { Change } from './follow.ts';

export interface ObjectChange<T> {
  /** `ADDED` also tells what was there when the watch began. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Of one that is gone, how it was seen last. */
  readonly object: T;
}

interface Named {
  readonly metadata: ObjectMeta;
}

export async function* watchObjects<T extends Named>(
  changes: AsyncIterable<Change<T>>,
): AsyncGenerator<ObjectChange<T>> {
  const known = new Map<string, T>();
  const seen = (object: T): readonly ObjectChange<T>[] => {
    const key = keyOf(object);
    const before = known.get(key);
    known.set(key, object);
    // A uid of its own: what had this name before is gone.
    if (before !== undefined && before.metadata.uid !== object.metadata.uid)
      return [
        { type: 'DELETED', object: before },
        { type: 'ADDED', object },
      ];
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion) return [];
    return [{ type: before === undefined ? 'ADDED' : 'MODIFIED', object }];
  };
  for await (const change of changes) {
    switch (change.type) {
      case 'listed': {
        const listed = new Set(change.list.items.map(keyOf));
        for (const [key, object] of [...known])
          if (!listed.has(key) && known.delete(key)) yield { type: 'DELETED', object };
        for (const object of change.list.items) yield* seen(object);
        break;
      }
      case 'changed':
        yield* seen(change.object);
        break;
      case 'deleted':
        if (known.delete(keyOf(change.object))) yield { type: 'DELETED', object: change.object };
        break;
    }
  }
}

function keyOf({ metadata }: Named): string {
  return `${metadata.namespace}/${metadata.name}`;
}
