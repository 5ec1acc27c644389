/**
 * Turns QEMU's events into notes that people read. What repeats quickly is told once: a reboot is two or three
 * RESETs, a full disk a BLOCK_IO_ERROR per request.
 */
import type { QmpEvent } from '../core/model/evidence.ts';
import { escapeControls } from '../core/plain-text.ts';
import { LOOP_RESETS, NO_RESETS, type ResetTally, tallyReset } from '../core/status/resets.ts';
import type { EventLog, EventNote, EventSubject } from './event-log.ts';

/** The same note about the same VM is not repeated while it comes again within this time. */
const QUIET_MS = 1000;

/** More notes than this within the window are left out: they would push out those about other VMs. */
const MOST_NOTES = 20;
const NOTES_WINDOW_MS = 60_000;
/** Of what QEMU says in its own words. */
const MOST_WORDS = 200;

interface Recent {
  readonly lastAt: Map<string, number>;
  /** Times of the notes within the window. */
  notedAt: number[];
  tally: ResetTally;
}

export class GuestEvents {
  readonly #log: EventLog;
  readonly #recent = new Map<string, Recent>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  take(id: EventSubject, event: QmpEvent, instanceUid: string | undefined): void {
    // The name is QEMU's to choose: `constructor` is none of ours.
    const note = Object.hasOwn(NOTES, event.event) ? NOTES[event.event]?.(event) : undefined;
    if (note !== undefined && !this.#isRepetition(id, note, event.at, QUIET_MS))
      this.#noteSparingly(id, note, { at: event.at, instanceUid });
    if (event.event === 'RESET') this.#countReset(id, event, instanceUid);
  }

  #note(id: EventSubject, note: EventNote, instanceUid: string | undefined): void {
    this.#log.note(id, instanceUid === undefined ? note : { ...note, instanceUid });
  }

  /** A guest decides how often these come. */
  #noteSparingly(
    id: EventSubject,
    note: EventNote,
    { at, instanceUid }: { readonly at: number; readonly instanceUid: string | undefined },
  ): void {
    const recent = this.#recentOf(id);
    recent.notedAt = recent.notedAt.filter((before) => Math.abs(at - before) < NOTES_WINDOW_MS);
    if (recent.notedAt.length >= MOST_NOTES) {
      if (!this.#isRepetition(id, TOO_MANY, at, NOTES_WINDOW_MS))
        this.#note(id, TOO_MANY, instanceUid);
      return;
    }
    recent.notedAt.push(at);
    this.#note(id, note, instanceUid);
  }

  #isRepetition(id: EventSubject, note: EventNote, at: number, quietMs: number): boolean {
    const { lastAt } = this.#recentOf(id);
    const before = lastAt.get(note.reason);
    lastAt.set(note.reason, at);
    return before !== undefined && at - before < quietMs;
  }

  #countReset(id: EventSubject, event: QmpEvent, instanceUid: string | undefined): void {
    const recent = this.#recentOf(id);
    const tally = tallyReset(recent.tally, event);
    if (tally === recent.tally) return;
    recent.tally = tally;
    if (tally.row === LOOP_RESETS) this.#note(id, REBOOT_LOOP, instanceUid);
  }

  #recentOf(id: EventSubject): Recent {
    const key = `${id.namespace}/${id.name}`;
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    const recent: Recent = { lastAt: new Map(), tally: NO_RESETS, notedAt: [] };
    this.#recent.set(key, recent);
    return recent;
  }
}

const REBOOT_LOOP: EventNote = {
  type: 'Warning',
  reason: 'RebootLoop',
  message: `the guest was reset ${LOOP_RESETS} times in a row, each time within a minute: it may be in a reboot loop`,
};

const TOO_MANY: EventNote = {
  type: 'Warning',
  reason: 'TooManyEvents',
  message: `the guest causes more than ${MOST_NOTES} events a minute: some are left out`,
};

/** A value out of an event as part of one line. */
function words(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'unknown');
  return escapeControls(text).replaceAll('\n', ' ').slice(0, MOST_WORDS);
}

const NOTES: Readonly<Record<string, (event: QmpEvent) => EventNote>> = {
  RESET: ({ data }) =>
    data['guest'] === true
      ? { type: 'Normal', reason: 'GuestReset', message: 'the guest was reset (same QEMU)' }
      : { type: 'Normal', reason: 'HostReset', message: 'the guest was reset by the host' },
  GUEST_PANICKED: () => ({
    type: 'Warning',
    reason: 'PanicReported',
    message: 'the guest reported a kernel panic',
  }),
  GUEST_CRASHLOADED: () => ({
    type: 'Warning',
    reason: 'CrashKernelLoaded',
    message: 'the guest kernel crashed and runs its crash kernel',
  }),
  WATCHDOG: ({ data }) => ({
    type: 'Warning',
    reason: 'WatchdogFired',
    message: `the guest stopped feeding its watchdog; action ${words(data['action'])}`,
  }),
  BLOCK_IO_ERROR: ({ data }) => ({
    type: 'Warning',
    reason: 'DiskError',
    message: `disk ${words(data['node-name'] ?? data['device'])}: ${words(data['operation'])} failed: ${words(data['reason'])} (action ${words(data['action'])})`,
  }),
  BLOCK_IMAGE_CORRUPTED: ({ data }) => ({
    type: 'Warning',
    reason: 'DiskImageCorrupted',
    message: `disk image ${words(data['node-name'] ?? data['device'])} is damaged: ${words(data['msg'])}`,
  }),
  SUSPEND: () => ({ type: 'Normal', reason: 'Suspended', message: 'the guest went to sleep' }),
  WAKEUP: () => ({ type: 'Normal', reason: 'WokeUp', message: 'the guest woke up' }),
};
