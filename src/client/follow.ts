/**
 * A list and its changes, kept up over the ends of watch streams: list, watch from that version on, and
 * list anew when the stream ends or the version is too old (Kubernetes' list-and-watch). Nothing is missed
 * between list and watch; consumers must bear to see the same object twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectList } from '../api/contract-meta.ts';
import { type Client, withQuery } from './client.ts';
import {
  ApiError,
  ConnectionLostError,
  InterruptedError,
  NoDaemonError,
  UnexpectedAnswerError,
} from './errors.ts';
import { isListOf, isStatus, isWatchEvent } from './guards.ts';
import { type ClientSettings, DEFAULT_LIMITS } from './settings.ts';

export type Change<T> =
  /** The whole truth at one moment; what is not in it is gone. */
  | { readonly type: 'listed'; readonly list: ObjectList<T> }
  | { readonly type: 'changed' | 'deleted'; readonly object: T };

interface Source<T> {
  /** Path of the list, without a query. */
  readonly path: string;
  /** Selectors of the list, which hold for its changes too. */
  readonly query?: Readonly<Record<string, string>>;
  readonly guard: (value: unknown) => value is T;
  /** Ends the stream, beside the client's own signal. */
  readonly signal?: AbortSignal;
  /** How long the daemon may be away once it has answered, as it is during a restart. Milliseconds, 0 unless given. */
  readonly absenceMs?: number;
}

/** HTTP 410 Gone: the version to watch from has been forgotten. */
const TOO_OLD = 410;

/**
 * Goes on until one of the signals ends it (it then just returns).
 * @throws NoDaemonError when the daemon is not there, or has been gone for too long; ApiError when it refuses
 */
export async function* follow<T>(
  settings: ClientSettings,
  client: Client,
  source: Source<T>,
): AsyncGenerator<Change<T>> {
  const signal =
    source.signal === undefined
      ? settings.signal
      : AbortSignal.any([settings.signal, source.signal]);
  const pauseMs = settings.limits?.reconnectMs ?? DEFAULT_LIMITS.reconnectMs;
  let goneSince: number | undefined;
  let answered = false;
  try {
    while (!signal.aborted) {
      try {
        const list = await client.get(pathOf(source), isListOf(source.guard));
        answered = true;
        goneSince = undefined;
        yield { type: 'listed', list };
        yield* watch(client, source, list.metadata.resourceVersion, signal);
      } catch (error) {
        const isAway = error instanceof NoDaemonError || error instanceof ConnectionLostError;
        if (!isAway || !answered) throw error;
        goneSince ??= performance.now();
        if (performance.now() - goneSince >= (source.absenceMs ?? 0)) throw error;
      }
      await sleep(pauseMs, undefined, { signal });
    }
  } catch (error) {
    if (error instanceof InterruptedError || signal.aborted) return;
    throw error;
  }
}

async function* watch<T>(
  client: Client,
  source: Source<T>,
  resourceVersion: string,
  signal: AbortSignal,
): AsyncGenerator<Change<T>> {
  try {
    const body = await client.stream(pathOf(source, { watch: '1', resourceVersion }), {
      endless: true,
      signal,
    });
    for await (const line of lines(body)) {
      const change = readChange(line, source);
      if (change === 'relist') return;
      if (change !== undefined) yield change;
    }
  } catch (error) {
    const relist =
      error instanceof ConnectionLostError ||
      (error instanceof ApiError && error.status.code === TOO_OLD);
    if (!relist) throw error;
  }
}

function pathOf<T>(source: Source<T>, more: Readonly<Record<string, string>> = {}): string {
  return withQuery(source.path, { ...source.query, ...more });
}

function readChange<T>(line: string, source: Source<T>): Change<T> | 'relist' | undefined {
  const event = parseEvent(line, source.path);
  switch (event.type) {
    case 'BOOKMARK':
      return undefined;
    case 'ERROR': {
      if (!isStatus(event.object)) throw unexpected(source.path);
      if (event.object.code === TOO_OLD) return 'relist';
      throw new ApiError(event.object);
    }
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (!source.guard(event.object)) throw unexpected(source.path);
      return { type: event.type === 'DELETED' ? 'deleted' : 'changed', object: event.object };
  }
}

function parseEvent(line: string, path: string) {
  try {
    const value: unknown = JSON.parse(line);
    if (isWatchEvent(value)) return value;
  } catch (error) {
    throw unexpected(path, error);
  }
  throw unexpected(path);
}

function unexpected(path: string, cause?: unknown): UnexpectedAnswerError {
  return new UnexpectedAnswerError(`the daemon sent something unexpected in the watch of ${path}`, {
    cause,
  });
}

/** Whole lines of a stream; an unfinished last line is dropped, for its sender died in mid-sentence. */
export async function* lines(body: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.trim() !== '') yield line;
  }
}
