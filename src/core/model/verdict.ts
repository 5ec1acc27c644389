import type { Initiator } from './evidence.ts';

export type Outcome = 'Succeeded' | 'Failed';

export type VerdictReason =
  | 'HostLost'
  | 'HostShutdown'
  | 'LaunchFailed'
  | 'LivenessProbeFailed'
  | 'GuestPanicked'
  | 'WatchdogExpired'
  | 'GuestShutdown'
  | 'StoppedByCommand'
  | 'StoppedByFile'
  | 'GuestReboot'
  | 'ForcedOff'
  | 'GracePeriodExpired'
  | 'OutOfMemory'
  | 'TerminatedFromOutside'
  | 'KilledFromOutside'
  | 'SandboxViolation'
  | 'QemuCrashed'
  | 'QemuExited'
  | 'Unknown';

/** What an ended instance counts as. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly reason: VerdictReason;
  readonly initiator: Initiator;
  /** One sentence in plain words. */
  readonly message: string;
}
