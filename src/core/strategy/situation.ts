/**
 * What a pass knows when it asks "what now?". Plain data; `supervisor/` fills it in.
 */
import type { VmRecord } from '../model/record.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';

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
    }
  | { readonly kind: 'ended' };

export interface Situation {
  /** What is in force for the VM; undefined once its document was removed, or while nothing valid is known of it. */
  readonly vm: VirtualMachine | undefined;
  /** The document was removed. A document that is not understood is no removal: its guest is left alone. */
  readonly removed: boolean;
  readonly record: VmRecord;
  /** Undefined when the record has no instance. */
  readonly instance: InstanceView | undefined;
  /** Unix time in milliseconds. */
  readonly now: number;
}
