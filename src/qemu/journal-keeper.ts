/**
 * Proves that QEMU keeps its own event journal, and keeps it in QEMU's place if it does not. QEMU writes the
 * journal because a null chardev never negotiates; no documentation promises that, so it is tested on every run:
 * a second after RESUME was seen, RESUME must be in the file.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { QmpEvent } from '../core/model/evidence.ts';
import { UNTRUSTED } from './evidence-file.ts';
import { readJournal } from './journal.ts';

const PROOF_AFTER_MS = 1000;

export class JournalKeeper {
  readonly #path: string;
  #events: QmpEvent[] = [];
  #state: 'unproved' | 'proved' | 'substitute' = 'unproved';
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  take(event: QmpEvent): void {
    if (this.#state === 'proved') return;
    if (this.#state === 'substitute') {
      this.#write([event]);
      return;
    }
    this.#events.push(event);
    if (event.event !== 'RESUME' || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#prove(), PROOF_AFTER_MS).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #prove(): void {
    if (readJournal(this.#path).some((event) => event.event === 'RESUME')) {
      this.#state = 'proved';
    } else {
      this.#state = 'substitute';
      this.#write(this.#events);
    }
    this.#events = [];
  }

  #write(events: readonly QmpEvent[]): void {
    for (const { event, data, at } of events) {
      const timestamp = { seconds: Math.floor(at / 1000), microseconds: (at % 1000) * 1000 };
      try {
        appendLine(this.#path, JSON.stringify({ event, data, timestamp }));
      } catch {
        // A full disk: the end is then judged from the exit status alone.
      }
    }
  }
}

function appendLine(path: string, line: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | UNTRUSTED);
  try {
    writeSync(fd, `${line}\n`);
  } finally {
    closeSync(fd);
  }
}
