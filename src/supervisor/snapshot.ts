/**
 * What the supervisor shows of a VM: plain data, ready to be rendered, never waiting for a QEMU.
 */
import type { GuestStatus, Lease } from '../core/agent/guest-status.ts';
import type { JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import type { Problem } from '../core/model/problem.ts';
import type { InstanceRecord, RunEntry, VmRecord } from '../core/model/record.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import { templateOf } from '../core/status/conditions.ts';
import type { TimedCondition } from '../core/status/transition-times.ts';
import type { Hold } from '../core/strategy/action.ts';

export interface VmSnapshot extends VmIdentity {
  readonly key: string;
  /** Of the VirtualMachine object; for files that were never valid, of this daemon's making. */
  readonly uid: string;
  readonly resourceVersion: number;
  /** The version at which the VirtualMachineInstance object changed last. */
  readonly instanceVersion: number;
  /** When this daemon first saw it (Unix ms). */
  readonly seenAt: number;
  /** Absent for a file that was never valid. */
  readonly record?: VmRecord;
  /** What is in force; absent when never valid or already removed. */
  readonly vm?: VirtualMachine;
  readonly file?: string;
  readonly problems: readonly Problem[];
  /** The document was removed; the VM goes once its instance has ended. */
  readonly terminatingSince?: number;
  readonly instance?: InstanceSnapshot;
  readonly conditions: readonly TimedCondition[];
  /** Of the live instance; empty without one. */
  readonly instanceConditions: readonly TimedCondition[];
  /** A start or a stop is due and waits for something. */
  readonly held?: HeldSnapshot;
  /** Last ten, newest first. */
  readonly history: readonly RunEntry[];
}

/** A snapshot before the board gave it its versions. */
export type SnapshotDraft = Omit<VmSnapshot, 'resourceVersion' | 'instanceVersion'>;

export interface InstanceSnapshot {
  readonly runState?: string;
  /** When the guest's CPUs last stopped or went on (Unix ms), as far as events tell. */
  readonly runStateSince?: number;
  readonly resets: number;
  readonly unresponsive: boolean;
  /** It is reset again and again. */
  readonly loops: boolean;
  /** When this daemon had spawned its QEMU (Unix ms); absent when it took it over. */
  readonly spawnedAt?: number;
  /** What the agent in the guest tells; absent when there is none. */
  readonly guest?: GuestStatus;
  /** On the networks that solovirt makes; absent without any. */
  readonly leases?: readonly Lease[];
}

export interface HeldSnapshot {
  readonly by: Hold;
  /** In words: `waiting for db to run`. */
  readonly message: string;
  /** Unix ms; absent when something has to happen first. */
  readonly until?: number;
}

/** All that the VirtualMachineInstance object is made of: it has changed when these have. */
export type InstanceFacts = LiveFacts | FinishedFacts;

interface CommonFacts extends VmIdentity {
  readonly vmUid: string;
  /** `spec.template` that it was made from, as written. */
  readonly template: JsonObject;
}

export interface LiveFacts extends CommonFacts {
  readonly kind: 'live';
  readonly instance: InstanceRecord;
  readonly seen?: InstanceSnapshot;
  readonly conditions: readonly TimedCondition[];
}

export interface FinishedFacts extends CommonFacts {
  readonly kind: 'finished';
  readonly run: RunEntry;
}

/**
 * The instance that clients see: the live one; under Manual and Once also the finished one, until the next start, as in
 * KubeVirt.
 */
export function instanceFacts(snapshot: SnapshotDraft): InstanceFacts | undefined {
  const { namespace, name, uid: vmUid, record, vm, history } = snapshot;
  const live = record?.instance;
  if (live !== undefined)
    return {
      kind: 'live',
      namespace,
      name,
      vmUid,
      template: live.template,
      instance: live,
      ...(snapshot.instance === undefined ? {} : { seen: snapshot.instance }),
      conditions: snapshot.instanceConditions,
    };
  const kept = record?.strategy === 'Manual' || record?.strategy === 'Once';
  const [run] = history;
  if (!kept || run === undefined) return undefined;
  const template = vm === undefined ? asObject(undefined) : templateOf(vm);
  return { kind: 'finished', namespace, name, vmUid, template, run };
}
