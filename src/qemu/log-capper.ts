/**
 * Keeps the log files of one instance small. Looks at them a while after something in their directory changed, so
 * that a silent guest costs nothing and a chatty one a look every few seconds.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { Logger } from '../ports.ts';

export interface CappedFile {
  readonly path: string;
  /** Makes the file short again if it is too long. */
  readonly cap: (path: string) => Promise<unknown>;
}

const LOOK_AFTER_MS = 5000;

export class LogCapper implements Disposable {
  readonly #files: readonly CappedFile[];
  readonly #log: Logger;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

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
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }

  #giveUp(error: unknown): void {
    this.#log.warn({ error }, 'log files are not watched, so they can grow without limit');
    this.#watcher?.close();
  }

  #lookLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, LOOK_AFTER_MS).unref();
  }

  async #look(): Promise<void> {
    for (const { path, cap } of this.#files) {
      try {
        await cap(path);
      } catch (error) {
        this.#log.warn({ file: path, error }, 'file could not be kept short');
      }
    }
  }
}
