/** How a row of the verdict tests is written: a VM, how its end is brought about, and the verdict. */
import type { Initiator } from '../../src/core/model/evidence.ts';
import type { Outcome, VerdictReason } from '../../src/core/model/verdict.ts';
import type { Guest, Way } from './verdict-guest.ts';
import type { Props } from './verdict-props.ts';

/** How far a VM is brought before anything is done to its end. */
export type Ready =
  /** The guest runs. */
  | 'running'
  /** QEMU waits for `cont`: the manifest says `startStrategy: Paused`. */
  | 'held'
  /** QEMU is held back before it starts. */
  | 'gated'
  /** Not started before the rest is ready: there is no QEMU to wait for. */
  | 'down';

export interface Ending {
  /** Name of the VM. */
  readonly name: string;
  readonly manifest: (name: string, props: Props) => string;
  readonly ready: Ready;
  /** While the daemon lives, and just before it is killed if it is to be. Leaves QEMU alive. */
  readonly ask?: (guest: Guest) => Promise<void>;
  /** Needs no daemon. By default a held guest is let go, and nothing is done to others. */
  readonly end?: (guest: Guest, props: Props) => Promise<void> | void;
  readonly outcome: Outcome;
  readonly reason: VerdictReason;
  readonly initiator: Initiator;
  /** The whole message. */
  readonly message: string | RegExp;
  /** Where one of the two ways makes no sense. */
  readonly only?: Way;
  /** Why it cannot be brought about on this host. */
  readonly lacks?: (props: Props) => string | undefined;
  /** The VM is gone afterwards: only its events tell. */
  readonly removed?: true;
}
