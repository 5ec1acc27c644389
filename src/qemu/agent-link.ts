/** The agent of one guest and what is known from it, as the instance that they belong to holds them. */
import type { GuestStatus } from '../core/agent/guest-status.ts';
import type { QmpEvent } from '../core/model/evidence.ts';
import type { Json } from '../core/model/json.ts';
import type { Clock } from '../ports.ts';
import { GuestAgent } from './agent.ts';
import { AgentFacts } from './agent-facts.ts';

export interface AgentLinkDeps {
  readonly socket: string;
  /** Runs a QMP command. */
  readonly monitor: (command: string) => Promise<Json>;
  /** QMP's run state. */
  readonly runState: () => string | undefined;
  readonly clock: Clock;
  /** The agent came or went, or more is known. */
  readonly onChange: () => void;
}

export class AgentLink {
  readonly agent: GuestAgent;
  readonly facts: AgentFacts;

  constructor({ onChange, ...deps }: AgentLinkDeps) {
    this.agent = new GuestAgent({
      ...deps,
      onStanding: (standing) => {
        this.facts.follow(standing);
        onChange();
      },
    });
    this.facts = new AgentFacts(this.agent, deps.clock, onChange);
  }

  /** The monitor has come up. */
  look(): void {
    void this.agent.look();
  }

  take(event: QmpEvent): void {
    this.agent.take(event);
  }

  /** Undefined while nobody at the guest's end has answered, or should have. */
  status(): GuestStatus | undefined {
    const { standing } = this.agent;
    if (standing !== 'connected' && standing !== 'silent') return undefined;
    return { agent: standing, interfaces: [], ...this.facts.known?.value };
  }

  release(): void {
    this.facts.release();
    this.agent.release();
  }
}
