/** What is done with the files of an instance while its QEMU lives: those that grow are kept short. */
import type { ExitStatus, QmpEvent } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import type { Logger } from '../ports.ts';
import { capLog } from './cap-log.ts';
import { CompanionWatch } from './companion-watch.ts';
import { capJournal, JOURNAL_MAX_BYTES } from './journal-cap.ts';
import { JournalKeeper } from './journal-keeper.ts';
import { LogCapper } from './log-capper.ts';

export interface InstanceFilesDeps {
  readonly log: Logger;
  /** Sizes at which the console file and the stderr file are rotated. */
  readonly consoleLogBytes: number;
  readonly qemuLogBytes: number;
  /** The processes beside QEMU. */
  readonly companions: readonly WatchedCompanion[];
}

export interface WatchedCompanion {
  /** The file that is written when it has ended and QEMU goes on. */
  readonly end: (paths: InstancePaths) => string;
  readonly onEnd: (end: ExitStatus) => void;
}

export class InstanceFiles implements Disposable {
  readonly #paths: InstancePaths;
  readonly #deps: InstanceFilesDeps;
  readonly #journal: JournalKeeper;
  #capper: LogCapper | undefined;
  #companions: readonly CompanionWatch[] = [];

  constructor(paths: InstancePaths, deps: InstanceFilesDeps) {
    this.#paths = paths;
    this.#deps = deps;
    this.#journal = new JournalKeeper(paths.events);
  }

  /** Once there are files. */
  watch(): void {
    const { consoleLogBytes, qemuLogBytes, log, companions } = this.#deps;
    const files = [
      { path: this.#paths.console, maxBytes: consoleLogBytes, cap: capLog },
      { path: this.#paths.stderr, maxBytes: qemuLogBytes, cap: capLog },
      { path: this.#paths.events, maxBytes: JOURNAL_MAX_BYTES, cap: capJournal },
    ];
    this.#capper = new LogCapper(this.#paths.dir, files, log);
    this.#companions = companions.map(
      ({ end, onEnd }) => new CompanionWatch(end(this.#paths), onEnd),
    );
  }

  /** An event that came over the monitor, and is in the journal by then. */
  take(event: QmpEvent): void {
    this.#journal.take(event);
  }

  [Symbol.dispose](): void {
    this.#capper?.[Symbol.dispose]();
    for (const companion of this.#companions) companion[Symbol.dispose]();
    this.#journal.close();
  }
}
