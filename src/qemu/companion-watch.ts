/** Tells when a companion of a QEMU has ended and QEMU goes on: its keeper (`beside`) then writes a file. */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { ExitStatus } from '../core/model/evidence.ts';
import { readEvidence } from './evidence-file.ts';
import { parseExitFile } from './exit-file.ts';

export class CompanionWatch implements Disposable {
  readonly #file: string;
  readonly #onEnd: (end: ExitStatus) => void;
  #watcher: FSWatcher | undefined;

  /** Looks at once, too: it may have ended while nobody watched. `onEnd` is called at most once. */
  constructor(file: string, onEnd: (end: ExitStatus) => void) {
    this.#file = file;
    this.#onEnd = onEnd;
    try {
      this.#watcher = watch(dirname(file), { persistent: false }, () => this.#look());
      this.#watcher.on('error', () => this[Symbol.dispose]());
    } catch {
      // What is told is no more than a note: without a watch it is told by the next daemon.
    }
    this.#look();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #look(): void {
    const end = parseExitFile(readEvidence(this.#file, 'latin1') ?? '');
    if (end === undefined) return;
    this[Symbol.dispose]();
    this.#onEnd(end);
  }
}
