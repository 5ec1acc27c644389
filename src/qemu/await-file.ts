/**
 * Waiting for something to appear in a directory, by its change events. A slow poll runs beside them: events
 * may be unavailable (inotify limits) and some things a caller waits for are not files at all.
 */
import { type FSWatcher, watch } from 'node:fs';

export interface AwaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const POLL_MS = 25;

/**
 * Asks `probe` now, at every change in `dir` and at least every 25 ms, until it gives an answer; undefined
 * when `timeoutMs` have passed. Rejects with what `probe` throws, or with the signal's reason.
 */
export function awaitInDirectory<T>(
  dir: string,
  probe: () => T | undefined,
  options: AwaitOptions,
): Promise<T | undefined> {
  const { timeoutMs, signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const look = (): void => {
    try {
      const answer = probe();
      if (answer !== undefined) resolve(answer);
    } catch (error) {
      reject(error);
    }
  };
  const giveUp = (): void => reject(signal?.reason);
  const watcher = watchQuietly(dir, look);
  const poll = setInterval(look, POLL_MS);
  const deadline = setTimeout(() => resolve(undefined), timeoutMs);
  signal?.addEventListener('abort', giveUp);
  // After the watch is in place: what came before it would go unnoticed.
  look();
  return promise.finally(() => {
    watcher?.close();
    clearInterval(poll);
    clearTimeout(deadline);
    signal?.removeEventListener('abort', giveUp);
  });
}

/** Without a watch the poll alone does it. */
function watchQuietly(dir: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(dir, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
