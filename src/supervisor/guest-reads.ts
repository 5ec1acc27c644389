/** Reads about the inside of a guest. Those of a VM's status answer from memory; only these ask, within seconds. */

import type {
  GuestDetail,
  GuestDetails,
  GuestFacts,
  Observed,
} from '../core/agent/guest-status.ts';
import { AgentCommandError, AgentError } from '../qemu/agent-error.ts';
import type { Context } from './context.ts';
import { findAgent } from './guest-target.ts';
import { Refusal } from './refusal.ts';

export interface GuestView {
  readonly facts?: GuestFacts;
  readonly details: Partial<GuestDetails>;
  /** The oldest of what is shown (Unix ms). */
  readonly at: number;
  /** Why some of it is what the guest said earlier. */
  readonly stale?: string;
}

export function touchGuest(ctx: Context, key: string): void {
  ctx.lives.get(key)?.guest.facts.touch();
}

/**
 * What the guest says now; what it said last where it does not answer. What it will not tell is left out, unless that is
 * all that was asked for.
 * @throws Refusal when there is no agent, or it does not answer and never did
 */
export async function lookIntoGuest(
  ctx: Context,
  key: string,
  wanted: readonly GuestDetail[],
): Promise<GuestView> {
  const { facts } = findAgent(ctx, key).live.guest;
  // Side by side, so that a guest that does not answer takes one deadline for all.
  const asked = [facts.refresh(), ...wanted.map((detail) => facts.look(detail))] as const;
  const [, ...answers] = await Promise.allSettled(asked);
  const details: Record<string, unknown> = {};
  const seen: Observed<unknown>[] = [];
  let failure: unknown;
  for (const [index, answer] of answers.entries()) {
    const detail = wanted[index];
    if (answer.status === 'rejected') failure ??= answer.reason;
    else if (detail !== undefined && answer.value !== undefined) {
      details[detail] = answer.value.value;
      seen.push(answer.value);
    }
  }
  if (seen.length === 0) throw refusalOf(failure);
  const known = facts.known?.value;
  const stale = seen.find((observed) => observed.stale !== undefined)?.stale;
  return {
    ...(known === undefined ? {} : { facts: known }),
    details,
    at: Math.min(...seen.map(({ at }) => at)),
    ...(stale === undefined ? {} : { stale }),
  };
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof AgentError)) return error;
  const kind = error instanceof AgentCommandError ? 'conflict' : 'unavailable';
  return new Refusal(error.message, { kind, cause: error });
}
