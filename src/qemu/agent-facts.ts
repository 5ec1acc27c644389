/**
 * What is known about a guest from its agent. Asked for a few times while the guest boots (addresses come late), then only
 * when somebody reads something old; the reader gets what is known, and the next one what the guest answered.
 */
import {
  agentInfoOf,
  filesystemsOf,
  freezeStatusOf,
  type GuestInterface,
  hostNameOf,
  interfacesOf,
  osOf,
  timezoneOf,
  usersOf,
} from '../core/agent/guest-facts.ts';
import type {
  GuestDetail,
  GuestDetails,
  GuestFacts,
  Observed,
} from '../core/agent/guest-status.ts';
import type { Json } from '../core/model/json.ts';
import { errorMessage } from '../core/thrown.ts';
import type { Clock } from '../ports.ts';
import type { AgentStanding, GuestAgent } from './agent.ts';
import { AgentCommandError } from './agent-error.ts';

/** After the agent came up. Ms. */
const ASKED_AFTER: readonly number[] = [0, 1000, 3000, 10_000, 30_000, 120_000];
/** Older than this, a read makes the guest be asked again. */
const FRESH_MS = 10_000;
/** For one command; a guest that is not stuck answers within milliseconds. */
const COMMAND_MS = 3000;

const DETAILS: {
  readonly [K in GuestDetail]: {
    readonly command: string;
    readonly read: (answer: Json) => GuestDetails[K];
  };
} = {
  agent: { command: 'guest-info', read: agentInfoOf },
  users: { command: 'guest-get-users', read: usersOf },
  filesystems: { command: 'guest-get-fsinfo', read: filesystemsOf },
  freezeStatus: { command: 'guest-fsfreeze-status', read: freezeStatusOf },
};

export class AgentFacts {
  readonly #agent: GuestAgent;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #details = new Map<GuestDetail, Observed<unknown>>();
  readonly #asking = new Map<GuestDetail, Promise<Observed<unknown>>>();
  #facts: GuestFacts | undefined;
  /** When they were told. */
  #knownAt = 0;
  #askedAt = 0;
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Counts agents that came and went: a timer of an earlier one asks no more. */
  #era = 0;

  constructor(agent: GuestAgent, clock: Clock, onChange: () => void) {
    this.#agent = agent;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Undefined while nothing is known. */
  get known(): Observed<GuestFacts> | undefined {
    return this.#facts === undefined ? undefined : { value: this.#facts, at: this.#knownAt };
  }

  follow(standing: AgentStanding): void {
    if (standing === 'opened') this.#askRepeatedly();
    if (standing === 'closed' || standing === 'no-channel') this.forget();
  }

  /** Somebody reads what is known: asks the guest anew if that is old. Never waits. */
  touch(): void {
    const { standing } = this.#agent;
    const isThere = standing === 'opened' || standing === 'connected' || standing === 'silent';
    if (isThere && this.#clock.now() - this.#askedAt >= FRESH_MS) void this.refresh();
  }

  /** Asks the guest now; what fails leaves what was known. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * Asks the guest for a detail; what it said last, if it does not answer.
   * @throws AgentError when it does not answer and never did
   */
  async look<K extends GuestDetail>(detail: K): Promise<Observed<GuestDetails[K]>> {
    const asked = this.#asking.get(detail) ?? this.#ask(detail);
    return (await asked) as Observed<GuestDetails[K]>;
  }

  forget(): void {
    this.release();
    this.#details.clear();
    this.#askedAt = 0;
    if (this.#facts === undefined) return;
    this.#facts = undefined;
    this.#onChange();
  }

  release(): void {
    this.#era += 1;
    clearTimeout(this.#timer);
  }

  #askRepeatedly(): void {
    this.release();
    const era = this.#era;
    const openedAt = performance.now();
    const next = (index: number): void => {
      const after = ASKED_AFTER[index];
      if (after === undefined || era !== this.#era) return;
      const delay = Math.max(0, openedAt + after - performance.now());
      this.#timer = setTimeout(() => {
        void this.refresh().then(() => next(index + 1));
      }, delay).unref();
    };
    next(0);
  }

  async #refresh(): Promise<void> {
    const before = this.#facts;
    // Set first, so that an agent that does not answer is not asked more often than one that does.
    this.#askedAt = this.#clock.now();
    let facts: GuestFacts;
    try {
      facts = await this.#askAll(before);
    } catch {
      // The agent knows that it fell silent, and a command that needs it says why.
      return;
    }
    // It went away meanwhile, and everything was forgotten.
    if (this.#agent.standing !== 'connected') return;
    this.#facts = facts;
    this.#knownAt = this.#clock.now();
    if (JSON.stringify(facts) !== JSON.stringify(before)) this.#onChange();
  }

  /** An agent need not know every command, and knows hardly any while its file systems are frozen. */
  async #askAll(before: GuestFacts | undefined): Promise<GuestFacts> {
    const ask = async <T>(command: string, read: (answer: Json) => T, otherwise: T): Promise<T> => {
      try {
        return read(await this.#agent.execute(command, undefined, COMMAND_MS));
      } catch (error) {
        if (error instanceof AgentCommandError) return otherwise;
        throw error;
      }
    };
    const info = await ask('guest-info', agentInfoOf, undefined);
    const os = await ask('guest-get-osinfo', osOf, before?.os);
    const hostName = await ask('guest-get-host-name', hostNameOf, before?.hostName);
    const timezone = await ask('guest-get-timezone', timezoneOf, before?.timezone);
    const none: readonly GuestInterface[] = before?.interfaces ?? [];
    const interfaces = await ask('guest-network-get-interfaces', interfacesOf, none);
    const agentVersion = info?.version ?? before?.agentVersion;
    return {
      ...(agentVersion === undefined ? {} : { agentVersion }),
      ...(os === undefined ? {} : { os }),
      ...(hostName === undefined ? {} : { hostName }),
      ...(timezone === undefined ? {} : { timezone }),
      interfaces,
    };
  }

  #ask(detail: GuestDetail): Promise<Observed<unknown>> {
    const { command, read } = DETAILS[detail];
    const asked = this.#agent
      .execute(command, undefined, COMMAND_MS)
      .then((answer) => {
        const observed = { value: read(answer), at: this.#clock.now() };
        this.#details.set(detail, observed);
        return observed;
      })
      .catch((error: unknown) => {
        const last = this.#details.get(detail);
        if (last === undefined) throw error;
        return { ...last, stale: errorMessage(error) };
      })
      .finally(() => this.#asking.delete(detail));
    this.#asking.set(detail, asked);
    return asked;
  }
}
