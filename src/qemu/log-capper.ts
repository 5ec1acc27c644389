/**
 * Keeps the log files of one instance small. Looks at them a while after something in their directory changed, so
 * that a silent guest costs nothing and a chatty one a look every second; one that floods a file is looked at so
 * often that it writes about half of what the file may have between two looks.
 */
import { type FSWatcher, watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { errorCode } from '../core/thrown.ts';
import type { Logger } from '../ports.ts';

export interface CappedFile {
  readonly path: string;
  /** What the file may have, in bytes. */
  readonly maxBytes: number;
  /** Makes the file short again if it is too long. */
  readonly cap: (path: string, maxBytes: number) => Promise<unknown>;
}

const LOOK_AFTER_MS = 1000;
const LEAST_MS = 50;

export class LogCapper implements Disposable {
  readonly #files: readonly CappedFile[];
  readonly #log: Logger;
  /** Sizes when last looked at. */
  readonly #sizes = new Map<string, number>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waitMs = LOOK_AFTER_MS;
  /** Since the last look began. */
  #changed = false;
  #closed = false;

  /** @param dir the directory that holds the files */
  constructor(dir: string, files: readonly CappedFile[], log: Logger) {
    this.#files = files;
    this.#log = log;
    try {
      this.#watcher = watch(dir, { persistent: false }, () => this.#lookLater());
      this.#watcher.on('error', (error) => this.#giveUp(error));
    } catch (error) {
      this.#giveUp(error);
    }
    // What was written while nobody watched may be too long already.
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }

  #giveUp(error: unknown): void {
    this.#log.warn({ error }, 'log files are not watched, so they can grow without limit');
    this.#watcher?.close();
  }

  #lookLater(): void {
    this.#changed = true;
    if (this.#timer !== undefined || this.#closed) return;
    const waitMs = this.#waitMs;
    this.#timer = setTimeout(() => {
      this.#changed = false;
      void this.#look(waitMs).finally(() => {
        this.#timer = undefined;
        if (this.#changed) this.#lookLater();
      });
    }, waitMs).unref();
  }

  async #look(waitedMs: number): Promise<void> {
    let nextMs = LOOK_AFTER_MS;
    for (const file of this.#files) {
      try {
        const grown = await this.#grown(file.path);
        await file.cap(file.path, file.maxBytes);
        this.#sizes.set(file.path, await sizeOf(file.path));
        if (grown > 0) nextMs = Math.min(nextMs, (waitedMs * file.maxBytes) / (2 * grown));
      } catch (error) {
        this.#log.warn({ file: file.path, error }, 'file could not be kept short');
      }
    }
    this.#waitMs = Math.max(LEAST_MS, nextMs);
  }

  async #grown(path: string): Promise<number> {
    return (await sizeOf(path)) - (this.#sizes.get(path) ?? 0);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
