/**
 * What is known about an instance after (or before) its end: facts only, no judgement.
 * Collected by `qemu/evidence.ts` from the instance's evidence directory, which stays complete
 * although no daemon is alive.
 */
import type { Json } from './json.ts';

/** One event of QEMU's own journal. Names and data are QMP's (QAPI schema). */
export interface QmpEvent {
  readonly event: string;
  readonly data: { readonly [key: string]: Json };
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** QEMU's wait status as its parent saw it. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: number };

/** Identifies a process for ever: a pid alone is reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot (proc(5)). */
  readonly startTime: number;
  /** /proc/sys/kernel/random/boot_id of the boot in which it ran. */
  readonly bootId: string;
}

/** Who brought something about. */
export type Initiator = 'guest' | 'command' | 'file' | 'host' | 'supervisor' | 'outside';

/** The ways in which solovirt ends an instance, mildest first. */
export type Rung = 'agent-shutdown' | 'powerdown' | 'quit' | 'terminate' | 'kill';

/** Something that solovirt was about to do to an instance, written down before it was done. */
export interface Intent {
  readonly action: Rung | 'host-shutdown' | 'liveness-probe-failed' | 'end-hung';
  readonly initiator: Initiator;
  /** The grace period in force at that moment; 0 when no graceful stop was asked for. */
  readonly gracePeriodSeconds: number;
  /** Unix time in milliseconds. */
  readonly at: number;
}

export interface Evidence {
  /** True while QEMU still runs: there is no verdict then. */
  readonly alive: boolean;
  /** False when the instance ran in an earlier boot of this host; undefined when nobody knows. */
  readonly sameBoot?: boolean;
  readonly exit?: ExitStatus;
  /** QEMU's event journal, oldest first. */
  readonly events: readonly QmpEvent[];
  /** Oldest first. */
  readonly intents: readonly Intent[];
  /** Present when the kernel's OOM killer is proved to have ended QEMU; says how it is known. */
  readonly oomProof?: string;
  /** Why QEMU could not even be tried (a missing image, say). */
  readonly launchError?: string;
  /** Who kept a disk locked that QEMU could not get, in words. */
  readonly diskHolder?: string;
  /** Last lines of QEMU's stderr, trimmed; empty when it said nothing. */
  readonly stderrTail: string;
  /** Last lines of the serial console, trimmed. */
  readonly consoleTail: string;
}
