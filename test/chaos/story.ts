/** What was done and what was seen, in order: a file of JSON lines, and in memory for the end of a failed run. */
import { appendFileSync } from 'node:fs';

export interface Entry {
  /** Unix ms. */
  readonly at: number;
  readonly round: number;
  readonly what: string;
  readonly vm?: string;
  readonly [detail: string]: unknown;
}

export class Story {
  readonly #file: string;
  readonly #entries: Entry[] = [];
  round = 0;

  constructor(file: string) {
    this.#file = file;
  }

  tell(what: string, details: { readonly vm?: string; readonly [detail: string]: unknown } = {}) {
    const entry: Entry = { at: Date.now(), round: this.round, what, ...details };
    this.#entries.push(entry);
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** The last lines that concern the VM, among them those that concern every VM. */
  last(count: number, vm: string | undefined): readonly string[] {
    const mine = this.#entries.filter((entry) => entry.vm === undefined || entry.vm === vm);
    return mine.slice(-count).map((entry) => JSON.stringify(entry));
  }
}

/** What a run is for: something that must never be was seen. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: string;
  readonly vm: string | undefined;

  constructor(invariant: string, message: string, vm?: string) {
    super(message);
    this.invariant = invariant;
    this.vm = vm;
  }
}
