/** Answers to the question what now: one action with its reason, and what may keep it. */
import type { Rung } from '../model/evidence.ts';
import type { AbandonedVerb, StopRecord } from '../model/record.ts';

/** What keeps a start or a stop that is due otherwise. */
export type Hold =
  | 'draining'
  | 'provisioning'
  | 'provisioning-failed'
  | 'image-pull-failed'
  | 'image-pull-back-off'
  | 'start-after'
  | 'start-delay'
  | 'stop-order';

export type Action =
  /** Nothing to do before `until` (Unix ms), or before something happens. */
  | {
      readonly kind: 'wait';
      readonly reason: string;
      readonly until?: number;
      readonly held?: Hold;
    }
  /** Begin to make the disks of its data volumes and to pull its images. */
  | { readonly kind: 'provision'; readonly reason: string }
  /** Record a new instance and launch it. */
  | { readonly kind: 'start'; readonly paused: boolean; readonly reason: string }
  /** Drop an instance that no QEMU was ever started for. */
  | { readonly kind: 'discard'; readonly reason: string }
  /** Let the guest's CPUs run for the first time. */
  | { readonly kind: 'run-guest'; readonly reason: string }
  | { readonly kind: 'mark-running'; readonly paused: boolean; readonly reason: string }
  | { readonly kind: 'begin-stop'; readonly stop: StopRecord; readonly reason: string }
  | {
      readonly kind: 'take-rung';
      readonly rung: Rung;
      readonly gracePeriodSeconds: number;
      readonly reason: string;
    }
  /** Make QEMU end at the guest's next reboot again. */
  | { readonly kind: 'finish-reset'; readonly reason: string }
  /** Ask the guest to shut down for a soft reboot. */
  | { readonly kind: 'ask-soft-reboot'; readonly reason: string }
  /** Wake the guest that has shut down for a soft reboot. */
  | { readonly kind: 'finish-soft-reboot'; readonly reason: string }
  | { readonly kind: 'give-up-soft-reboot'; readonly reason: string }
  /** Resume a guest that QEMU paused on a disk error. */
  | { readonly kind: 'retry-io'; readonly reason: string }
  /** Ask the guest to thaw its file systems. */
  | { readonly kind: 'thaw'; readonly reason: string }
  /** See to it that a command which was refused leaves no trace. */
  | { readonly kind: 'undo-command'; readonly verb: AbandonedVerb; readonly reason: string }
  /** Kill a QEMU that has told its end and does not get there. */
  | { readonly kind: 'end-hung'; readonly reason: string }
  /** Have QEMU write the memory of a guest that has panicked. */
  | { readonly kind: 'dump-memory'; readonly reason: string }
  | { readonly kind: 'conclude'; readonly reason: string }
  /** The VM's document is gone and so is its last instance. */
  | { readonly kind: 'forget'; readonly reason: string };
