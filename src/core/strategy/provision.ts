/** Whether a start has to wait until disks of the VM have been made. Pure. */
import type { Action } from './decide.ts';

/** The VM's data volumes that have no disk yet; absent when all have one. */
export type ProvisionFacts =
  /** Nobody makes them. */
  | { readonly kind: 'due'; readonly names: readonly string[] }
  | { readonly kind: 'making'; readonly progress: string }
  /** Unix ms. */
  | { readonly kind: 'failed'; readonly message: string; readonly retryAt: number };

type Start = Extract<Action, { kind: 'start' }>;

/** What comes before a start: the start itself when there is nothing to be made. */
export function provisionBefore(
  start: Start,
  facts: ProvisionFacts | undefined,
  now: number,
): Action {
  switch (facts?.kind) {
    case undefined:
      return start;
    case 'due':
      return { kind: 'provision', reason: `making ${facts.names.join(', ')}` };
    case 'making':
      return { kind: 'wait', reason: facts.progress, held: 'provisioning' };
    case 'failed': {
      const { message, retryAt } = facts;
      if (retryAt <= now) return { kind: 'provision', reason: 'making its disks once more' };
      return { kind: 'wait', reason: message, until: retryAt, held: 'provisioning-failed' };
    }
  }
}
