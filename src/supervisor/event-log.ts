/**
 * The log of what happened to VMs, as Kubernetes Events: stored, bounded, and streamed to whoever watches. What happens
 * to one thing again and again is counted, not told anew.
 */
import { randomUUID } from 'node:crypto';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { StoredEvent } from '../host/state-events.ts';
import type { Clock, Logger } from '../ports.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Versions } from './versions.ts';

export interface LoggedEvent extends StoredEvent {
  readonly resourceVersion: number;
}

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase word for programs. */
  readonly reason: string;
  readonly message: string;
  readonly instanceUid?: string;
  /** The instance where its uid is given, unless this says otherwise. */
  readonly about?: 'vm';
}

/** A VM, with the uid of its object where it is on record. */
export interface EventSubject extends VmIdentity {
  readonly uid?: string;
}

interface EventStore {
  saveEvent(event: StoredEvent): void;
  events(filter: Partial<VmIdentity>, limit: number): readonly StoredEvent[];
}

/** The latest events; older ones are stored, but not listed. */
const LISTED_EVENTS = 1000;
/** What comes again within this time is counted (client-go's `defaultAggregateIntervalInSeconds`). */
const REPEATED_MS = 600_000;

export class EventLog {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #events: SnapshotStore<LoggedEvent>;
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  /** Keys of the listed events by all that makes two of them the same. */
  readonly #alike = new Map<string, string>();
  #lastAt = 0;

  constructor(store: EventStore, versions: Versions, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#events = new SnapshotStore(versions, (a, b) => a.at - b.at);
    for (const event of store.events({}, LISTED_EVENTS)) this.#seed(event);
  }

  /** The listed ones, in the order of when they happened last. */
  get snapshots(): Pick<SnapshotStore<LoggedEvent>, 'version' | 'all' | 'at' | 'since' | 'listen'> {
    return this.#events;
  }

  /** An event that cannot be stored is still told: losing a note must not stop what it is about. */
  note(subject: EventSubject, note: EventNote): void {
    const event = this.#repeated(subject, note) ?? this.#newEvent(subject, note);
    try {
      this.#store.saveEvent(event);
    } catch (error) {
      const vm = keyOf(subject);
      this.#log.warn({ vm, event: note.reason, error }, 'event could not be stored');
    }
    this.#events.put(event.uid, (resourceVersion) => ({ ...event, resourceVersion }));
    this.#alike.set(signatureOf(event), event.uid);
    this.#trim();
    for (const listener of this.#listeners) listener(event);
  }

  /**
   * Told of every event, and of every time that it happens again.
   * @returns how to stop listening
   */
  listen(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #seed(event: StoredEvent): void {
    this.#events.seed(event.uid, (resourceVersion) => ({ ...event, resourceVersion }));
    this.#alike.set(signatureOf(event), event.uid);
    this.#lastAt = Math.max(this.#lastAt, event.at);
  }

  #newEvent(subject: EventSubject, note: EventNote): StoredEvent {
    const { namespace, name, uid: vmUid } = subject;
    const { type, reason, message, instanceUid } = note;
    const at = this.#nextInstant();
    return {
      uid: randomUUID(),
      namespace,
      name,
      type,
      reason,
      message,
      at,
      firstAt: at,
      count: 1,
      about: aboutOf(note),
      ...(vmUid === undefined ? {} : { vmUid }),
      ...(instanceUid === undefined ? {} : { instanceUid }),
    };
  }

  #repeated(subject: EventSubject, note: EventNote): StoredEvent | undefined {
    const { namespace, name, uid: vmUid } = subject;
    const signature = signatureOf({ ...note, namespace, name, vmUid, about: aboutOf(note) });
    const known = this.#events.get(this.#alike.get(signature) ?? '');
    if (known === undefined) return undefined;
    const { resourceVersion: _, ...event } = known;
    if (this.#clock.now() - event.at > REPEATED_MS) return undefined;
    return { ...event, at: this.#nextInstant(), count: event.count + 1 };
  }

  #trim(): void {
    const key = this.#events.size > LISTED_EVENTS ? this.#events.oldest() : undefined;
    const oldest = key === undefined ? undefined : this.#events.get(key);
    if (oldest === undefined) return;
    const signature = signatureOf(oldest);
    if (this.#alike.get(signature) === oldest.uid) this.#alike.delete(signature);
    this.#events.remove(oldest.uid, (last, resourceVersion) => ({ ...last, resourceVersion }));
  }

  /** No two events share an instant, so that it can name them. */
  #nextInstant(): number {
    this.#lastAt = Math.max(this.#clock.now(), this.#lastAt + 1);
    return this.#lastAt;
  }
}

function aboutOf({ about, instanceUid }: EventNote): StoredEvent['about'] {
  return about ?? (instanceUid === undefined ? 'vm' : 'instance');
}

type Signed = Omit<EventNote, 'about'> &
  VmIdentity & { readonly vmUid?: string | undefined; readonly about: StoredEvent['about'] };

function signatureOf(event: Signed): string {
  const { namespace, name, vmUid, about, instanceUid, type, reason, message } = event;
  return JSON.stringify([namespace, name, vmUid, about, instanceUid, type, reason, message]);
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
