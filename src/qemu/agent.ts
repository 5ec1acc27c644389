/**
 * The daemon's line to the agent in one guest: knows from QEMU whether somebody has opened the channel in the guest, and
 * connects only then. A guest without an agent costs nothing, and one whose agent misbehaves is left alone for a while.
 */
import type { QmpEvent } from '../core/model/evidence.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import { AGENT_CHARDEV, AGENT_PORT } from '../core/qemu-args/agent-channel.ts';
import type { Clock } from '../ports.ts';
import { AgentClient } from './agent-client.ts';
import {
  AgentAbsentError,
  AgentClosedError,
  AgentProtocolError,
  AgentTimeoutError,
} from './agent-error.ts';

/** What is at the guest's end of the channel. */
export type AgentStanding =
  /** QEMU was not asked yet. */
  | 'unknown'
  /** This QEMU has no channel: an older version of solovirt started it, or every PCI slot is taken. */
  | 'no-channel'
  /** Nobody has opened it. */
  | 'closed'
  /** Somebody has, and has not answered yet. */
  | 'opened'
  | 'connected'
  /** It answered before, or should have, and does not. */
  | 'silent';

export interface GuestAgentDeps {
  readonly socket: string;
  /** Runs a QMP command. */
  readonly monitor: (command: string) => Promise<Json>;
  /** QMP's run state. */
  readonly runState: () => string | undefined;
  readonly clock: Clock;
  readonly onStanding: (standing: AgentStanding) => void;
}

/** Whoever sends garbage is not listened to for so long. */
const SHUNNED_MS = 60_000;

export class GuestAgent {
  readonly #deps: GuestAgentDeps;
  #standing: AgentStanding = 'unknown';
  #client: AgentClient | undefined;
  #shunnedUntil = 0;
  #shunnedFor = '';
  #syncId = 0;
  /** Times that the port was seen to open or close. */
  #changes = 0;

  constructor(deps: GuestAgentDeps) {
    this.#deps = deps;
  }

  get standing(): AgentStanding {
    return this.#standing;
  }

  /** The monitor has come up, and its events tell all from now on: what is the state of the channel? */
  async look(): Promise<void> {
    const before = this.#changes;
    try {
      const chardevs = await this.#deps.monitor('query-chardev');
      const ours = (Array.isArray(chardevs) ? chardevs : [])
        .map(asObject)
        .find(({ label }) => label === AGENT_CHARDEV);
      // QAPI ChardevInfo: the guest's side is the frontend.
      if (ours === undefined) this.#setStanding('no-channel');
      // An event that came meanwhile may be the newer of the two.
      else if (this.#changes === before) this.#portChanged(ours['frontend-open'] === true);
    } catch {
      // The end of the session is seen where it is watched, and the next one asks again.
    }
  }

  /** An event of QEMU's. */
  take({ event, data }: QmpEvent): void {
    if (event === 'VSERPORT_CHANGE' && data['id'] === AGENT_PORT)
      this.#portChanged(data['open'] === true);
    if (event === 'RESET') this.#portChanged(false);
  }

  /**
   * Runs a command of the agent (QEMU `qga/qapi-schema.json`).
   * @throws AgentError
   */
  execute(command: string, args?: JsonObject, timeoutMs = 3000): Promise<Json> {
    return this.#with((client) => client.execute(command, args, timeoutMs));
  }

  /**
   * Runs a command of the agent that answers only when it fails.
   * @throws AgentError
   */
  tell(command: string, args: JsonObject | undefined, timeoutMs: number): Promise<void> {
    return this.#with((client) => client.tell(command, args, timeoutMs));
  }

  release(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.close();
  }

  async #with<T>(ask: (client: AgentClient) => Promise<T>): Promise<T> {
    const refusal = this.#unable();
    if (refusal !== undefined) throw new AgentAbsentError(refusal);
    try {
      const answer = await ask(this.#connection());
      this.#answered();
      return answer;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** Why there is nobody to ask; undefined when there is somebody. */
  get missing(): string | undefined {
    switch (this.#standing) {
      case 'unknown':
        return 'QEMU has not told yet whether there is an agent';
      case 'no-channel':
        return 'this instance has no channel for an agent: an older version of solovirt started it (restart the VM), or its devices take every PCI slot';
      case 'closed':
        return 'no agent runs in the guest; install qemu-guest-agent there and start its service';
      default:
        return undefined;
    }
  }

  /** Why nobody can be asked at present. */
  #unable(): string | undefined {
    const { missing } = this;
    if (missing !== undefined) return missing;
    if (this.#deps.runState() !== 'running') return 'the guest does not run';
    if (this.#isShunned())
      return `what runs in the guest is no agent, and is not asked for a minute: ${this.#shunnedFor}`;
    return undefined;
  }

  #isShunned(): boolean {
    return this.#deps.clock.now() < this.#shunnedUntil;
  }

  #connection(): AgentClient {
    if (this.#client !== undefined) return this.#client;
    const client = new AgentClient(this.#deps.socket, {
      nextSyncId: () => this.#nextSyncId(),
      onClose: (reason) => this.#closed(client, reason),
    });
    this.#client = client;
    return client;
  }

  #nextSyncId(): number {
    this.#syncId = (this.#syncId + 1 + Math.floor(Math.random() * 1000)) % 2 ** 31;
    return this.#syncId;
  }

  #closed(client: AgentClient, reason: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (!(reason instanceof AgentProtocolError)) return;
    this.#shunnedUntil = this.#deps.clock.now() + SHUNNED_MS;
    this.#shunnedFor = reason.message;
    if (this.#standing === 'connected' || this.#standing === 'opened') this.#setStanding('silent');
  }

  #portChanged(open: boolean): void {
    this.#changes += 1;
    if (this.#standing === 'no-channel') return;
    if (!open) {
      this.release();
      this.#setStanding('closed');
      return;
    }
    if (this.#standing === 'unknown' || this.#standing === 'closed') {
      this.#setStanding('opened');
      if (this.#isShunned()) this.#setStanding('silent');
    }
  }

  #answered(): void {
    if (this.#standing === 'opened' || this.#standing === 'silent') this.#setStanding('connected');
  }

  /** A guest that was stopped in between could not answer. */
  #failed(error: unknown): void {
    const isSilence =
      error instanceof AgentTimeoutError ||
      error instanceof AgentProtocolError ||
      error instanceof AgentClosedError;
    const isOpen = this.#standing === 'opened' || this.#standing === 'connected';
    if (isSilence && isOpen && this.#deps.runState() === 'running') this.#setStanding('silent');
  }

  #setStanding(standing: AgentStanding): void {
    if (this.#standing === standing) return;
    this.#standing = standing;
    this.#deps.onStanding(standing);
  }
}
