/**
 * Lists and watch streams over one kind of object. A watch that starts at a version sees every change after it or
 * is told `410 Gone`; one that starts at none (or 0) first gets everything that is there.
 */
import type { ObjectMeta, WatchEvent } from './contract.ts';
import { ApiError, json, type Reply, statusObject } from './reply.ts';
import { type Selection, selectionOf } from './selection.ts';

export interface ApiObject {
  readonly metadata: ObjectMeta;
}

export interface ObjectChange<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** A kind of object that can be listed and watched. */
export interface Source<T extends ApiObject> {
  readonly apiVersion: string;
  /** Kind of the list, e.g. `VirtualMachineList`. */
  readonly listKind: string;
  readonly version: () => number;
  readonly list: () => readonly T[];
  /** Undefined when changes after that version are forgotten. */
  readonly since: (version: number) => readonly ObjectChange<T>[] | undefined;
  readonly listen: (listener: (change: ObjectChange<T>) => void) => () => void;
  /** What field selectors can name beyond `metadata.name` and `metadata.namespace`. */
  readonly fields?: Readonly<Record<string, (object: T) => string>>;
}

const METADATA_FIELDS: Readonly<Record<string, (object: ApiObject) => string>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace,
};

/** A watcher that leaves this many changes unread is cut off; it will list again. */
const MAX_BACKLOG = 10_000;
const LONGEST_WATCH_S = 24 * 3600;

export function listOrWatch<T extends ApiObject>(
  source: Source<T>,
  namespace: string | undefined,
  query: URLSearchParams,
): Reply {
  const known = [...Object.keys(METADATA_FIELDS), ...Object.keys(source.fields ?? {})];
  const selection = selectionOf(namespace, query, known);
  if (isTrue(query.get('watch'))) return watch(source, selection, query);
  const items = source.list().filter((o) => selects(source, selection, o));
  return json({
    apiVersion: source.apiVersion,
    kind: source.listKind,
    metadata: { resourceVersion: String(source.version()) },
    items,
  });
}

function watch<T extends ApiObject>(
  source: Source<T>,
  selection: Selection,
  query: URLSearchParams,
): Reply {
  const from = versionOf(query.get('resourceVersion'));
  const seconds = secondsOf(query.get('timeoutSeconds'));
  return {
    kind: 'stream',
    contentType: 'application/json;stream=watch',
    chunks: (signal) =>
      stream(
        source,
        selection,
        from,
        AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]),
      ),
  };
}

async function* stream<T extends ApiObject>(
  source: Source<T>,
  selection: Selection,
  from: number,
  signal: AbortSignal,
): AsyncIterable<string> {
  const backlog: ObjectChange<T>[] = [];
  let wake: () => void = () => {};
  const stop = source.listen((change) => {
    backlog.push(change);
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    const first = from === 0 ? present(source) : source.since(from);
    if (first === undefined) {
      yield gone(from);
      return;
    }
    yield first
      .filter((c) => selects(source, selection, c.object))
      .map(line)
      .join('');
    while (!signal.aborted && backlog.length < MAX_BACKLOG) {
      const changes = backlog.splice(0).filter((c) => selects(source, selection, c.object));
      if (changes.length > 0) yield changes.map(line).join('');
      if (backlog.length > 0) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      if (!signal.aborted) await promise;
    }
  } finally {
    stop();
  }
}

function present<T extends ApiObject>(source: Source<T>): readonly ObjectChange<T>[] {
  return source.list().map((object) => ({ type: 'ADDED', object }));
}

function gone(from: number): string {
  const message = `too old resource version: ${from}; list again`;
  const event: WatchEvent<object> = { type: 'ERROR', object: statusObject({ code: 410, message }) };
  return `${JSON.stringify(event)}\n`;
}

function line<T>(change: ObjectChange<T>): string {
  const event: WatchEvent<T> = { type: change.type, object: change.object };
  return `${JSON.stringify(event)}\n`;
}

function selects<T extends ApiObject>(source: Source<T>, selection: Selection, object: T): boolean {
  const { namespace, labels } = object.metadata;
  const readers = Object.entries({ ...METADATA_FIELDS, ...source.fields });
  return selection({
    namespace,
    fields: Object.fromEntries(readers.map(([name, read]) => [name, read(object)])),
    ...(labels === undefined ? {} : { labels }),
  });
}

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true';
}

function versionOf(value: string | null): number {
  if (value === null || value === '') return 0;
  const version = Number(value);
  if (!Number.isSafeInteger(version) || version < 0)
    throw new ApiError(`resourceVersion "${value}" is not one that this server gave out`, {
      code: 400,
    });
  return version;
}

function secondsOf(value: string | null): number {
  const seconds = value === null ? LONGEST_WATCH_S : Number(value);
  if (!(seconds > 0))
    throw new ApiError(`timeoutSeconds "${value}" is not a number above 0`, { code: 400 });
  return Math.min(seconds, LONGEST_WATCH_S);
}
