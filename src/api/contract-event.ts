/** Events of the group `events.k8s.io`: the same ones as of `core/v1`, in another shape. */
import type { ObjectMeta, ObjectReference } from './contract.ts';

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
