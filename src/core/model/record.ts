/**
 * What solovirt remembers about a VM. Stored before its effect in the state database, so that a daemon
 * that starts anew goes on where the last one stood.
 */
import type { Initiator, ProcessIdentity, Rung } from './evidence.ts';
import type { HostNetwork } from './host-network.ts';
import type { JsonObject } from './json.ts';
import type { Outcome, Verdict, VerdictReason } from './verdict.ts';
import type { InstanceSpec, RunStrategy, VmIdentity } from './virtual-machine.ts';

/** KubeVirt's instance phases (`VirtualMachineInstancePhase`). */
export type LivePhase = 'Pending' | 'Scheduling' | 'Scheduled' | 'Running';
export type Phase = LivePhase | 'Succeeded' | 'Failed';

/**
 * What the run-strategy table looks at while no instance lives. `NeverRan` also stands for "the finished
 * instance was cleared away": editing the strategy away from Always, RerunOnFailure or Halted counts as that,
 * as in KubeVirt, where these strategies remove the finished object. `Stopped` is an end that a stop command
 * brought about, however it went: no strategy may take it for a failure to be repaired.
 */
export type LastRun = 'NeverRan' | 'Succeeded' | 'Failed' | 'Stopped';

export interface VmRecord {
  readonly namespace: string;
  readonly name: string;
  /** Identity of the VirtualMachine object, for API clients. */
  readonly uid: string;
  readonly createdAt: number;
  /** Counts edits of the spec, from 1. */
  readonly generation: number;
  /** When the spec was last edited; absent while it is as it was first seen. */
  readonly editedAt?: number;
  /** The last valid document, its file and place in it: still in force when the file breaks. */
  readonly source: SourceRecord;
  /** The strategy that was last acted upon; differs from the file's right after an edit. */
  readonly strategy: RunStrategy;
  readonly lastRun: LastRun;
  readonly backoff: BackoffRecord;
  /** A wish for a new instance, consumed when one is recorded. */
  readonly startRequest?: StartRequest;
  readonly instance?: InstanceRecord;
  /** A strategy that a command is about to write into the file; the next pass confirms or drops it. */
  readonly pendingWrite?: PendingWrite;
}

export interface SourceRecord {
  readonly path: string;
  readonly index: number;
  readonly text: string;
}

export interface BackoffRecord {
  /** Unstable endings in a row. */
  readonly unstable: number;
  /** No start by the run strategy before this instant (Unix ms). */
  readonly retryAt?: number;
}

export interface StartRequest {
  readonly paused: boolean;
  readonly at: number;
}

/** A command that needs the file changed: its effects and the new text take place together or not at all. */
export interface PendingWrite {
  readonly to: RunStrategy;
  readonly effects: CommandEffects;
  readonly at: number;
}

/** What a command changes in the record. */
export interface CommandEffects {
  readonly stop?: StopRecord;
  /** `null` cancels a queued start. */
  readonly startRequest?: StartRequest | null;
  /** Set when the strategy alone would start the VM again at once. */
  readonly lastRun?: LastRun;
}

export interface InstanceRecord {
  readonly uid: string;
  readonly phase: LivePhase;
  readonly createdAt: number;
  readonly startedAt?: number;
  /** When QEMU was ready to run the guest. */
  readonly scheduledAt?: number;
  readonly runningAt?: number;
  /** Of the VM when the instance was made. */
  readonly generation?: number;
  readonly startPaused: boolean;
  readonly gracePeriodSeconds: number;
  readonly acpi: boolean;
  /** The template this instance was made from, as written: for the API and for RestartRequired. */
  readonly template: JsonObject;
  /** The same with defaults filled in: two spellings of one value are no difference. */
  readonly spec: InstanceSpec;
  /** The guest's address for sockets between host and guest; no other instance has it. */
  readonly vsockCid?: number;
  /** Those that its interfaces were plugged into; absent before that, and where there are none. */
  readonly networks?: readonly HostNetwork[];
  /** QEMU's bridge helper made the taps, and chose their names. */
  readonly tapsUnnamed?: true;
  readonly process?: ProcessIdentity;
  readonly stop?: StopRecord;
  /** Set while a soft reboot is under way. */
  readonly softReboot?: SoftReboot;
  /** Under `rebootPolicy: Terminate`: a reset of ours, which QEMU was told to survive, and is to unlearn again. */
  readonly resetAt?: number;
  /** The guest's file systems stand still, or were about to. */
  readonly freeze?: FreezeRecord;
  /** What the readiness probe has come to; absent before that, and without one. */
  readonly readiness?: ReadinessRecord;
  /** The liveness probe has failed: the instance is to end. */
  readonly livenessFailedAt?: number;
  /** A user asked for the pause, so nothing but a user or a stop ends it. */
  readonly pausedByUser: boolean;
  /** A command that was refused because QEMU did not answer it: it may have been carried out afterwards. */
  readonly abandoned?: AbandonedVerb;
  /** QEMU had told its end, did not get there, and was killed. */
  readonly hungEndKilledAt?: number;
  /** Disk errors in a row, for the resume back-off. */
  readonly ioRetry?: {
    readonly attempts: number;
    readonly lastAt: number;
    readonly nextAt: number;
  };
}

/** What can be put right when QEMU answers again. */
export type AbandonedVerb = 'pause' | 'unpause' | 'softreboot';

export interface ReadinessRecord {
  readonly ready: boolean;
  /** Absent when it never was ready. */
  readonly since?: number;
  /** Why it is not ready. */
  readonly message?: string;
}

/** Stored before the guest is asked to freeze, so that another daemon thaws it. */
export interface FreezeRecord {
  readonly at: number;
  /** When it is thawed without being asked (Unix ms); absent: never. */
  readonly thawAt?: number;
  /** Attempts to thaw that have not succeeded yet, and when the last one was made. */
  readonly attempts?: number;
  readonly triedAt?: number;
}

/** Each step is stored around its effect, so that another daemon can go on after it. */
export interface SoftReboot {
  readonly at: number;
  readonly deadline: number;
  /** The guest has been asked to shut down. */
  readonly askedAt?: number;
  /** The guest had shut down and is being started again. */
  readonly waking?: boolean;
}

/** `instance.json` in the evidence directory: enough to know the instance again when its record is lost. */
export interface InstanceDescription {
  readonly vm: VmIdentity;
  readonly uid: string;
  /** QEMU and its arguments. */
  readonly argv: readonly string[];
  readonly template: JsonObject;
  readonly spec: InstanceSpec;
  readonly networks?: readonly HostNetwork[];
  /** The guest was to come up paused. */
  readonly startPaused?: boolean;
  readonly vsockCid?: number;
}

/** A stop in progress; no restart of the daemon resets its clock. */
export interface StopRecord {
  readonly initiator: Initiator;
  readonly gracePeriodSeconds: number;
  readonly since: number;
  /** When the guest was first asked to power off. */
  readonly askedAt?: number;
  /** When its agent was asked to: once is enough. */
  readonly agentAt?: number;
  /** A command joined a stop that was the host's, a probe's or a panic's: no strategy may take its end for a failure. */
  readonly commanded?: boolean;
  /** The last rung taken, and when. */
  readonly rung?: Rung;
  readonly rungAt?: number;
}

/** How often runs of a VM ended so. */
export interface EndCount extends VmIdentity {
  readonly outcome: Outcome;
  readonly reason: VerdictReason;
  readonly count: number;
}

/** One line of a VM's history. */
export interface RunEntry {
  readonly uid: string;
  readonly startedAt: number;
  readonly scheduledAt?: number;
  readonly runningAt?: number;
  readonly endedAt: number;
  readonly verdict: Verdict;
}
