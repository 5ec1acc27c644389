/** A stored event as Kubernetes has them: of `core/v1`, and of `events.k8s.io/v1`. Pure. */
import { hostname } from 'node:os';
import type { LoggedEvent } from '../supervisor/event-log.ts';
import type { EventObject, EventV1Object } from './contract-event.ts';
import type { ObjectMeta, ObjectReference } from './contract-meta.ts';
import { rfc3339 } from './rfc3339.ts';

const COMPONENT = 'solovirt';

export function renderEvent(event: LoggedEvent): EventObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: metadata(event),
    involvedObject: involvedObject(event),
    ...related(event),
    type: event.type,
    reason: event.reason,
    message: event.message,
    firstTimestamp: rfc3339(event.firstAt),
    lastTimestamp: rfc3339(event.at),
    count: event.count,
    source: { component: COMPONENT, host: hostname() },
    eventTime: null,
    reportingComponent: COMPONENT,
    reportingInstance: hostname(),
  };
}

export function renderEventV1(event: LoggedEvent): EventV1Object {
  const { count } = event;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: metadata(event),
    eventTime: microTime(event.firstAt),
    ...(count === 1 ? {} : { series: { count, lastObservedTime: microTime(event.at) } }),
    reportingController: COMPONENT,
    reportingInstance: hostname(),
    reason: event.reason,
    regarding: involvedObject(event),
    ...related(event),
    note: event.message,
    type: event.type,
    deprecatedSource: { component: COMPONENT, host: hostname() },
    deprecatedFirstTimestamp: rfc3339(event.firstAt),
    deprecatedLastTimestamp: rfc3339(event.at),
    deprecatedCount: count,
  };
}

/** Named as client-go's recorder does: the object, and the time in nanoseconds in hexadecimal digits. */
function metadata({ namespace, name, uid, firstAt, resourceVersion }: LoggedEvent): ObjectMeta {
  return {
    name: `${name}.${(BigInt(firstAt) * 1_000_000n).toString(16)}`,
    namespace,
    uid,
    resourceVersion: String(resourceVersion),
    creationTimestamp: rfc3339(firstAt),
  };
}

function involvedObject(event: LoggedEvent): ObjectReference {
  const isVm = event.about === 'vm';
  return reference(
    event,
    isVm ? 'VirtualMachine' : 'VirtualMachineInstance',
    isVm ? event.vmUid : event.instanceUid,
  );
}

function related(event: LoggedEvent): { readonly related?: ObjectReference } {
  if (event.about !== 'vm' || event.instanceUid === undefined) return {};
  return { related: reference(event, 'VirtualMachineInstance', event.instanceUid) };
}

function reference(
  { namespace, name }: LoggedEvent,
  kind: string,
  uid: string | undefined,
): ObjectReference {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind,
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}

/** `metav1.MicroTime`. */
function microTime(at: number): string {
  return rfc3339(at).replace('Z', '000Z');
}
