/** A stored event as a `core/v1` Event. Pure. */
import type { LoggedEvent } from '../supervisor/event-log.ts';
import type { EventObject } from './contract.ts';
import { rfc3339 } from './render-vm.ts';

export function renderEvent(event: LoggedEvent): EventObject {
  const { namespace, name, uid, type, reason, message, instanceUid } = event;
  const at = rfc3339(event.at);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${name}.${uid}`,
      namespace,
      uid,
      resourceVersion: String(event.at),
      creationTimestamp: at,
    },
    involvedObject: {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      namespace,
      name,
      ...(instanceUid === undefined ? {} : { uid: instanceUid }),
    },
    type,
    reason,
    message,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    source: { component: 'solovirt' },
  };
}
