/**
 * What goes over the socket, shared by the server and its clients: VMs and their instances; everything else in `contract-*.ts`.
 * Shapes are KubeVirt's (kubevirt.io/api/core/v1) and Kubernetes' (`metav1`), with solovirt's additions marked.
 */
import type { Initiator } from '../core/model/evidence.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Phase } from '../core/model/record.ts';
import type { PrintableStatus } from '../core/status/printable-status.ts';
import type { Hold } from '../core/strategy/action.ts';
import type { MachineStatus, PhaseTransition } from './contract-instance.ts';
import type { Condition, ObjectMeta } from './contract-meta.ts';
import type { RunView } from './contract-runs.ts';

export type { PrintableStatus };

/** Largest request body accepted. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Where a stop in progress stands. solovirt's own. */
export interface StopView {
  readonly initiator: Initiator;
  readonly since: string;
  readonly gracePeriodSeconds: number;
  readonly deadline: string;
  /** When the agent in the guest was asked to shut it down. */
  readonly agentAskedAt?: string;
  readonly rung?: string;
}

/** The running instance in brief. solovirt's own. */
export interface InstanceView {
  readonly uid: string;
  readonly phase: Phase;
  readonly startedAt?: string;
  readonly runningAt?: string;
  readonly pid?: number;
  /** QMP's run state. */
  readonly runState?: string;
  /** Guest resets since the instance came up. */
  readonly resets: number;
  readonly stop?: StopView;
  /** By which the guest may be reached: as its agent tells, else as DHCP of a managed network gave them; absent while none is known. */
  readonly addresses?: readonly string[];
  /** Absent without interfaces on bridges of the host. */
  readonly networks?: readonly PluggedView[];
  /** Absent without an agent in the guest. */
  readonly guest?: GuestView;
  /** Absent unless a command froze the guest's file systems. */
  readonly frozen?: FrozenView;
}

/** What the agent in the guest tells, in brief. solovirt's own. */
export interface GuestView {
  /** `silent`: it does not answer. */
  readonly agent: 'connected' | 'silent';
  readonly agentVersion?: string;
  readonly hostName?: string;
  /** The system's name as its makers write it. */
  readonly os?: string;
  readonly addresses: readonly string[];
}

/** solovirt's own. */
export interface FrozenView {
  readonly since: string;
  /** When it is thawed without being asked; absent: never. */
  readonly thawAt?: string;
}

/** Why something that is due does not happen yet. solovirt's own. */
export interface HeldView {
  readonly by: Hold;
  /** In words: `waiting for db to run`. */
  readonly message: string;
  /** Absent when something has to happen first. */
  readonly until?: string;
}

export interface VmStatus {
  readonly created: boolean;
  readonly ready: boolean;
  readonly printableStatus: PrintableStatus;
  /** The strategy that was last acted upon. */
  readonly runStrategy?: string;
  /** Counts edits of the spec. */
  readonly desiredGeneration?: number;
  /** The generation that the live instance was made from; absent without one. */
  readonly observedGeneration?: number;
  readonly conditions: readonly Condition[];
  readonly startFailure?: {
    readonly consecutiveFailCount: number;
    readonly lastFailedVMIUID?: string;
    readonly retryAfterTimestamp?: string;
  };
  readonly stateChangeRequests?: readonly JsonObject[];
  /** solovirt's own, as are all fields below. */
  readonly problems?: readonly Problem[];
  /** Manifest file, absolute. */
  readonly file?: string;
  readonly instance?: InstanceView;
  /** A start or a stop that is due and waits. */
  readonly held?: HeldView;
  /** Last ten, newest first. */
  readonly runHistory: readonly RunView[];
}

/** How an interface of a running guest is connected to the host's network. */
export interface PluggedView {
  /** Its name in the manifest. */
  readonly name: string;
  /** `NAMESPACE/NAME` of the NetworkAttachmentDefinition. */
  readonly network: string;
  readonly bridge: string;
  readonly vlan?: number;
  /** The network interface on the host; absent where QEMU's bridge helper chose its name. */
  readonly tap?: string;
}

export interface VmObject {
  readonly apiVersion: 'kubevirt.io/v1';
  readonly kind: 'VirtualMachine';
  readonly metadata: ObjectMeta;
  readonly spec: JsonObject;
  readonly status: VmStatus;
}

export interface InstanceObject {
  readonly apiVersion: 'kubevirt.io/v1';
  readonly kind: 'VirtualMachineInstance';
  readonly metadata: ObjectMeta;
  readonly spec: JsonObject;
  readonly status: Partial<MachineStatus> & {
    readonly phase: Phase;
    readonly nodeName: string;
    readonly conditions: readonly Condition[];
    readonly phaseTransitionTimestamps: readonly PhaseTransition[];
    readonly reason?: string;
  };
}
