/**
 * Watch streams. A watcher holds nothing but the version up to which it has been told everything: what comes after is
 * read from the source when there is something, so that one that does not read costs nothing. One that falls too far
 * behind is told `410 Gone` and lists again. Nothing wakes a quiet watch before its time is over.
 */
import { jsonText } from './json-bytes.ts';
import type { WatchOptions } from './list-options.ts';
import { type Reply, statusObject } from './reply.ts';
import type { Selection } from './selection.ts';
import { type ApiObject, changesOf, type ObjectChange, type Source } from './source.ts';

/** `metav1.WatchEvent`. */
export interface WatchEvent {
  readonly type: ObjectChange<unknown>['type'] | 'BOOKMARK' | 'ERROR';
  readonly object: object;
}

/** How the events of one watch are written down. */
export interface EventWriter<T> {
  readonly change: (change: ObjectChange<T>) => WatchEvent;
  /** @param annotations of the object of a BOOKMARK, which is empty but for them and the version */
  readonly bookmark: (
    version: number,
    annotations?: Readonly<Record<string, string>>,
  ) => WatchEvent;
}

/** Marks the end of what was there (`metav1.InitialEventsAnnotationKey`). */
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

/** Lines that go out in one piece. */
const LINES_AT_ONCE = 64;

export function watch<T extends ApiObject>(
  source: Source<T>,
  selects: Selection<T>,
  options: WatchOptions,
  writer: EventWriter<T>,
): Reply {
  return {
    kind: 'stream',
    contentType: 'application/json;stream=watch',
    chunks: (signal) => inPieces(events(source, selects, options, writer, signal)),
  };
}

/** Undefined stands for "nothing more for now". */
async function* events<T extends ApiObject>(
  source: Source<T>,
  selects: Selection<T>,
  options: WatchOptions,
  writer: EventWriter<T>,
  reader: AbortSignal,
): AsyncIterable<WatchEvent | undefined> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  using bell = new Bell(source, AbortSignal.any([reader, timeout]));
  let told = options.version ?? source.version();
  if (options.initialEvents) {
    const version = source.version();
    if (told > version) return yield gone(told);
    for (const object of source.list())
      if (selects(object)) yield writer.change({ type: 'ADDED', object });
    told = version;
    if (options.marksInitialEvents) yield writer.bookmark(told, INITIAL_EVENTS_END);
  }
  while (!reader.aborted) {
    const changes = source.since(told);
    if (changes === undefined) return yield gone(told);
    told = source.version();
    for (const transition of changes)
      for (const change of changesOf(transition, selects)) yield writer.change(change);
    if (timeout.aborted) break;
    yield undefined;
    if (told === source.version()) await bell.rings();
  }
  if (options.bookmarks && !reader.aborted) yield writer.bookmark(told);
}

/** Rings when the source changes or the watch is over. */
class Bell implements Disposable {
  readonly #over: AbortSignal;
  readonly #stop: () => void;
  #ring: () => void = () => {};

  constructor(source: Pick<Source<ApiObject>, 'listen'>, over: AbortSignal) {
    this.#over = over;
    this.#stop = source.listen(() => this.#ring());
    over.addEventListener('abort', () => this.#ring(), { once: true });
  }

  rings(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ring = resolve;
    if (this.#over.aborted) resolve();
    return promise;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

async function* inPieces(events: AsyncIterable<WatchEvent | undefined>): AsyncIterable<string> {
  let piece: string[] = [];
  for await (const event of events) {
    if (event !== undefined) piece.push(lineOf(event));
    if (piece.length === 0 || (event !== undefined && piece.length < LINES_AT_ONCE)) continue;
    yield piece.join('');
    piece = [];
  }
  if (piece.length > 0) yield piece.join('');
}

function lineOf({ type, object }: WatchEvent): string {
  return `{"type":"${type}","object":${jsonText(object)}}\n`;
}

function gone(version: number): WatchEvent {
  const message = `too old resource version: ${version}; list again`;
  return { type: 'ERROR', object: statusObject({ code: 410, message }) };
}
