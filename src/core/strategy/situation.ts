/**
 * What a pass knows when it asks "what now?". Plain data; `supervisor/` fills it in.
 */
import type { VmRecord } from '../model/record.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';
import type { ProvisionFacts } from './provision.ts';

/** What this daemon sees of the recorded instance. */
export type InstanceView =
  /** No QEMU was ever started for the record: an earlier daemon died in between. */
  | { readonly kind: 'unlaunched' }
  /** Images are being prepared, or QEMU has been spawned and its monitor does not answer yet. */
  | { readonly kind: 'launching' }
  | {
      readonly kind: 'live';
      /** False while QEMU does not answer over QMP. */
      readonly monitor: boolean;
      /** QMP's run state; absent until the monitor first answered. */
      readonly runState?: string;
      /** Guest code has run in this instance. */
      readonly resumed: boolean;
      /** The agent in the guest answers. */
      readonly agent: boolean;
      /** When QEMU told that it is about to end (Unix ms); absent while it did not. */
      readonly endTold?: number;
      /** Of the guest's memory, after a panic; absent when none was begun that this daemon knows of. */
      readonly dump?: DumpView;
    }
  /** QEMU is gone; what its parent has to say of the end is not there yet. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'ended' };

export type DumpView =
  | { readonly kind: 'active'; readonly since: number }
  /** Whether it is whole, or there is none. */
  | { readonly kind: 'over' };

export interface Situation {
  /** What is in force for the VM; undefined once its document was removed, or while nothing valid is known of it. */
  readonly vm: VirtualMachine | undefined;
  /** The document was removed. A document that is not understood is no removal: its guest is left alone. */
  readonly removed: boolean;
  readonly record: VmRecord;
  /** Undefined when the record has no instance. */
  readonly instance: InstanceView | undefined;
  /** Present while the host is shut down or emptied: nothing is started, and everything is stopped. */
  readonly draining?: Draining;
  /** Absent when the VM has all its disks, or is up. */
  readonly provision?: ProvisionFacts;
  /** Absent when the VM's start waits for nothing. */
  readonly startOrder?: StartOrderFacts;
  /** Unix time in milliseconds. */
  readonly now: number;
}

export interface Draining {
  /** VMs that are to be down before this one and have an instance yet. */
  readonly dependents: readonly string[];
}

/** What a start by the run strategy looks at beyond the VM itself. */
export interface StartOrderFacts {
  /** The VMs that are to run first. */
  readonly after: readonly { readonly name: string; readonly prospect: Prospect }[];
  readonly delayMs: number;
  /** When this host came up (Unix ms). */
  readonly bootAt: number;
}

export type Prospect =
  /** Guest code runs, and is ready where a probe tells, since then (Unix ms). */
  | { readonly kind: 'runs'; readonly since: number }
  /** It does not run yet, and is about to; or it runs and is not ready. */
  | { readonly kind: 'coming'; readonly to: 'run' | 'be ready' }
  /** It is down and stays so for the time being, is not known, or was never valid. */
  | { readonly kind: 'down' };
