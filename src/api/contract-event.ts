/** Events, in the two shapes that Kubernetes has for them. */
import type { ObjectMeta, ObjectReference } from './contract-meta.ts';

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

/** The same of the group `events.k8s.io`. */
export interface EventV1Object {
  readonly apiVersion: 'events.k8s.io/v1';
  readonly kind: 'Event';
  readonly metadata: ObjectMeta;
  /** When it happened first, with microseconds. */
  readonly eventTime: string;
  /** Only of what happened more than once. */
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly reportingController: 'solovirt';
  readonly reportingInstance: string;
  readonly reason: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly note: string;
  readonly type: 'Normal' | 'Warning';
  readonly deprecatedSource: { readonly component: 'solovirt'; readonly host: string };
  readonly deprecatedFirstTimestamp: string;
  readonly deprecatedLastTimestamp: string;
  readonly deprecatedCount: number;
}
