/**
 * The log of what happened to VMs, as Kubernetes Events: stored, bounded, and streamed to whoever watches.
 */
import { randomUUID } from 'node:crypto';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { StoredEvent } from '../host/state-db.ts';
import type { Clock, Logger } from '../ports.ts';

export type LoggedEvent = StoredEvent;

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase word for programs. */
  readonly reason: string;
  readonly message: string;
  readonly instanceUid?: string;
}

interface EventStore {
  appendEvent(event: StoredEvent): void;
  events(filter: Partial<VmIdentity>, limit: number): readonly StoredEvent[];
}

export class EventLog {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Set<(event: StoredEvent) => void>();

  #lastAt = 0;

  constructor(store: EventStore, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** An event that cannot be stored is still told: losing a note must not stop what it is about. */
  note(id: VmIdentity, note: EventNote): void {
    const event: StoredEvent = {
      uid: randomUUID(),
      namespace: id.namespace,
      name: id.name,
      at: this.#nextInstant(),
      ...note,
    };
    try {
      this.#store.appendEvent(event);
    } catch (error) {
      const vm = keyOf(id);
      this.#log.warn({ vm, event: note.reason, error }, 'event could not be stored');
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** No two events share an instant, so that it can serve watchers as a version. */
  #nextInstant(): number {
    this.#lastAt = Math.max(this.#clock.now(), this.#lastAt + 1);
    return this.#lastAt;
  }

  /** Oldest first. */
  list(filter: Partial<VmIdentity>, limit = 1000): readonly StoredEvent[] {
    return this.#store.events(filter, limit);
  }

  /** @returns how to stop listening */
  listen(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * Writes every event to the log as well.
 * @returns how to stop
 */
export function logEvents(events: EventLog, log: Logger): () => void {
  return events.listen((event) => {
    const { reason, message, instanceUid } = event;
    const fields = {
      vm: keyOf(event),
      event: reason,
      note: message,
      ...(instanceUid === undefined ? {} : { instance: instanceUid }),
    };
    if (event.type === 'Warning') log.warn(fields, 'event');
    else log.info(fields, 'event');
  });
}
