/**
 * What one host shows of a cluster: namespaces, itself as the only node, no pods and services, and who may do what. Shapes
 * are Kubernetes' (`core/v1`, `authorization.k8s.io/v1`).
 */
import type { Condition, ObjectMeta } from './contract-meta.ts';

type ClusterMeta = Omit<ObjectMeta, 'namespace'>;

export interface NamespaceObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: ClusterMeta;
  readonly spec: Readonly<Record<string, never>>;
  readonly status: { readonly phase: 'Active' };
}

export interface NodeInfo {
  readonly architecture: string;
  readonly operatingSystem: 'linux';
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly bootID: string;
  /** Which solovirt answers. */
  readonly kubeletVersion: string;
  readonly containerRuntimeVersion: string;
}

export interface NodeCondition extends Condition {
  /** Since when it is said: nothing beats here, for whoever reads it has the daemon's answer. */
  readonly lastHeartbeatTime: string;
}

export interface NodeObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: ClusterMeta;
  /** `unschedulable` while the host is drained. */
  readonly spec: { readonly unschedulable?: true };
  readonly status: {
    /** Quantities: `cpu` and `memory`. */
    readonly capacity: Readonly<Record<string, string>>;
    readonly allocatable: Readonly<Record<string, string>>;
    readonly conditions: readonly NodeCondition[];
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo: NodeInfo;
  };
}

/** A kind of which there are none here, so that nothing else of it is ever seen. */
export interface AbsentObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod' | 'Service';
  readonly metadata: ObjectMeta;
}

/** `SelfSubjectAccessReview` and `SelfSubjectRulesReview`: what is asked comes back with the answer. */
export interface AccessReviewObject {
  readonly apiVersion: 'authorization.k8s.io/v1';
  readonly kind: string;
  readonly metadata: Readonly<Record<string, never>>;
  readonly spec: object;
  readonly status: object;
}
