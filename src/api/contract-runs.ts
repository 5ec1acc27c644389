/** Runs that have ended, and why. solovirt's own. */
import type { ExitStatus, Initiator, Intent, QmpEvent } from '../core/model/evidence.ts';
import type { Outcome, VerdictReason } from '../core/model/verdict.ts';

export interface VerdictView {
  readonly outcome: Outcome;
  readonly reason: VerdictReason;
  readonly initiator: Initiator;
  readonly message: string;
}

/** One entry of `status.runHistory` and of the runs list. solovirt's own. */
export interface RunView {
  readonly uid: string;
  readonly startedAt: string;
  readonly runningAt?: string;
  readonly endedAt: string;
  readonly verdict: VerdictView;
  /** Only on the runs list. */
  readonly evidence?: EvidenceView;
}

export interface EvidenceView {
  readonly exit?: ExitStatus;
  readonly events: readonly QmpEvent[];
  readonly intents: readonly Intent[];
  readonly oomProof?: string;
  /** Who kept a disk locked that QEMU could not get. */
  readonly diskHolder?: string;
  readonly stderrTail: string;
  readonly consoleTail: string;
}

export interface RunList {
  readonly kind: 'RunList';
  readonly apiVersion: 'solovirt.io/v1';
  /** Newest first. */
  readonly items: readonly RunView[];
}
