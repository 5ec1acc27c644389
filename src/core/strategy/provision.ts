/** Whether a start has to wait until disks of the VM have been made, and its images pulled. Pure. */
import type { Action, Hold } from './action.ts';

/** The VM's data volumes that have no disk yet, and images that are to be pulled; absent when there are none. */
export type ProvisionFacts =
  /** Nobody is at it. */
  | { readonly kind: 'due'; readonly reason: string }
  | { readonly kind: 'making'; readonly progress: string }
  | {
      readonly kind: 'failed';
      readonly what: 'disk' | 'image';
      /** In a row, from 1. */
      readonly failures: number;
      readonly message: string;
      /** Unix ms. */
      readonly retryAt: number;
    };

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
      return { kind: 'provision', reason: facts.reason };
    case 'making':
      return { kind: 'wait', reason: facts.progress, held: 'provisioning' };
    case 'failed': {
      const { message, retryAt } = facts;
      if (retryAt <= now) return { kind: 'provision', reason: 'trying once more' };
      return { kind: 'wait', reason: message, until: retryAt, held: holdOf(facts) };
    }
  }
}

/** The kubelet's two words for an image: it failed, and it fails again and again. */
function holdOf({ what, failures }: Extract<ProvisionFacts, { kind: 'failed' }>): Hold {
  if (what === 'disk') return 'provisioning-failed';
  return failures > 1 ? 'image-pull-back-off' : 'image-pull-failed';
}

/** Whether what keeps a start is being made or fetched, or is to be tried again. */
export function isProvisioning(hold: Hold | undefined): boolean {
  switch (hold) {
    case 'provisioning':
    case 'provisioning-failed':
    case 'image-pull-failed':
    case 'image-pull-back-off':
      return true;
    case 'draining':
    case 'start-after':
    case 'start-delay':
    case 'stop-order':
    case undefined:
      return false;
  }
}
