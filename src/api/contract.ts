/**
 * What goes over the socket: paths, request bodies and objects, shared by the server and the command line.
 * Shapes are KubeVirt's (kubevirt.io/api/core/v1) and Kubernetes' (`metav1`), with solovirt's additions marked.
 */
import type { ExitStatus, Initiator, Intent, QmpEvent } from '../core/model/evidence.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Phase } from '../core/model/record.ts';
import type { Outcome, VerdictReason } from '../core/model/verdict.ts';
import type { PrintableStatus } from '../core/status/printable-status.ts';
import type { Hold } from '../core/strategy/decide.ts';
import type { MachineStatus, PhaseTransition } from './contract-instance.ts';

export type { PrintableStatus };

export const KUBEVIRT_API = '/apis/kubevirt.io/v1';
export const SUBRESOURCES_API = '/apis/subresources.kubevirt.io/v1';
export const CORE_API = '/api/v1';
/** solovirt's own: host information. */
export const SOLOVIRT_API = '/apis/solovirt.io/v1';

/** PUT: stop every guest and start none. DELETE: let run strategies act again. solovirt's own. */
export const DRAIN_PATH = `${SOLOVIRT_API}/drain`;

/** Largest request body accepted. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

export function vmPath(namespace: string, name: string): string {
  return `${KUBEVIRT_API}${scoped(namespace)}/virtualmachines/${encodeURIComponent(name)}`;
}

/** GET: `RunList`. solovirt's own. */
export function runsPath(namespace: string, name: string): string {
  return `${vmPath(namespace, name)}/runs`;
}

/** PUT with a JSON body of options. */
export function vmSubresourcePath(namespace: string, name: string, verb: VmVerb): string {
  return `${SUBRESOURCES_API}${scoped(namespace)}/virtualmachines/${encodeURIComponent(name)}/${verb}`;
}

/** PUT with a JSON body of options. */
export function instanceSubresourcePath(
  namespace: string,
  name: string,
  verb: InstanceVerb,
): string {
  return `${SUBRESOURCES_API}${scoped(namespace)}/virtualmachineinstances/${encodeURIComponent(name)}/${verb}`;
}

/** GET, text/plain. Query: stream=console|qemu, tail=LINES, follow=1, run=UID. solovirt's own. */
export function logsPath(namespace: string, name: string): string {
  return `${SUBRESOURCES_API}${scoped(namespace)}/virtualmachines/${encodeURIComponent(name)}/logs`;
}

function scoped(namespace: string): string {
  return `/namespaces/${encodeURIComponent(namespace)}`;
}

export type VmVerb = 'start' | 'stop' | 'restart';
export type InstanceVerb = 'pause' | 'unpause' | 'reset' | 'softreboot';

export interface StartOptions {
  readonly paused?: boolean;
  readonly dryRun?: readonly ['All'];
}
export interface StopOptions {
  /** Seconds; 0 forces off at once. */
  readonly gracePeriod?: number;
  readonly dryRun?: readonly ['All'];
}
export interface RestartOptions {
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: readonly ['All'];
}
export interface DrainOptions {
  readonly dryRun?: readonly ['All'];
}
export interface InstanceOptions {
  readonly dryRun?: readonly ['All'];
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly JsonObject[];
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
  /** `null` from an older daemon. */
  readonly lastTransitionTime: string | null;
}

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

/** `core/v1` ObjectReference. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

/** `core/v1` Event. */
export interface EventObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Event';
  readonly metadata: ObjectMeta;
  readonly involvedObject: ObjectReference;
  /** The instance that an event about a VM tells of. */
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
  readonly source: { readonly component: 'solovirt'; readonly host: string };
  /** Without a value, as in events that Kubernetes' own recorder counts. */
  readonly eventTime: null;
  readonly reportingComponent: 'solovirt';
  readonly reportingInstance: string;
}

export interface ObjectList<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

/** One line of a watch stream. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** Kubernetes' error body (`metav1.Status`). */
export interface StatusObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Status';
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly code: number;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    /** How long to wait before another try. */
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message: string;
      readonly field?: string;
    }[];
  };
}

export interface DrainingView {
  readonly since: string;
  /** `host-shutdown`: the host was seen to stop guests by itself. */
  readonly cause: 'command' | 'host-shutdown';
}

/** GET /apis/solovirt.io/v1/info. */
export interface HostInfo {
  readonly kind: 'HostInfo';
  readonly apiVersion: 'solovirt.io/v1';
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  /** The host's name. */
  readonly node: string;
  readonly qemu: { readonly path: string; readonly version?: string; readonly error?: string };
  /** What runs guests, and how that was found out. */
  readonly accelerator: { readonly name: 'kvm' | 'tcg'; readonly reason: string };
  readonly directories: {
    readonly vms: string;
    readonly images: string;
    readonly state: string;
    readonly runtime: string;
  };
  readonly socket: string;
  /** For those who may look but not touch; absent when there is none. */
  readonly readonlySocket?: string;
  readonly strategyTable: string;
  /** Whether guests can be put onto bridges of the host, and who does it; `error`: why nobody can. */
  readonly bridges: { readonly maker?: 'daemon' | 'helper' | 'service'; readonly error?: string };
  /** Present while nothing is started and everything is stopped. */
  readonly draining?: DrainingView;
  readonly counts: {
    readonly vms: number;
    readonly running: number;
    readonly invalid: number;
  };
  /** Troubles of the host that concern every VM, e.g. an unreadable VM directory. */
  readonly warnings: readonly string[];
}
