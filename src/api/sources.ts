/** The kinds of objects that the API lists and watches, rendered from the board and the event log. */
import type { Board, BoardChange } from '../supervisor/board.ts';
import type { EventLog, LoggedEvent } from '../supervisor/event-log.ts';
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import type { EventObject, InstanceObject, VmObject } from './contract.ts';
import { renderEvent } from './render-event.ts';
import { renderInstance } from './render-instance.ts';
import { renderVm } from './render-vm.ts';
import type { ObjectChange, Source } from './watch.ts';

export function vmSource(board: Board): Source<VmObject> {
  const change = ({ type, snapshot }: BoardChange): ObjectChange<VmObject> => ({
    type,
    object: renderVm(snapshot),
  });
  return {
    apiVersion: 'kubevirt.io/v1',
    listKind: 'VirtualMachineList',
    version: () => board.version,
    list: () => board.all().map(renderVm),
    since: (version) => board.since(version)?.map(change),
    listen: (listener) => board.listen((c) => listener(change(c))),
  };
}

/** An instance comes and goes within the changes of its VM. */
export function instanceSource(board: Board): Source<InstanceObject> {
  return {
    apiVersion: 'kubevirt.io/v1',
    listKind: 'VirtualMachineInstanceList',
    version: () => board.version,
    list: () => board.all().flatMap(instancesOf),
    since: (version) => board.since(version)?.flatMap(instanceChanges),
    listen: (listener) => board.listen((c) => instanceChanges(c).forEach(listener)),
  };
}

function instancesOf(snapshot: VmSnapshot): readonly InstanceObject[] {
  const instance = renderInstance(snapshot);
  return instance === undefined ? [] : [instance];
}

function instanceChanges(change: BoardChange): readonly ObjectChange<InstanceObject>[] {
  const before = change.previous === undefined ? undefined : renderInstance(change.previous);
  const after = change.type === 'DELETED' ? undefined : renderInstance(change.snapshot);
  const changes: ObjectChange<InstanceObject>[] = [];
  if (before !== undefined && before.metadata.uid !== after?.metadata.uid)
    changes.push({ type: 'DELETED', object: before });
  if (after === undefined) return changes;
  const known = before?.metadata.uid === after.metadata.uid;
  return [...changes, { type: known ? 'MODIFIED' : 'ADDED', object: after }];
}

/** The latest events; older ones are stored, but not listed. */
const LISTED_EVENTS = 1000;

export function eventSource(events: EventLog): Source<EventObject> {
  const change = (event: LoggedEvent): ObjectChange<EventObject> => ({
    type: 'ADDED',
    object: renderEvent(event),
  });
  const list = (): readonly LoggedEvent[] => events.list({}, LISTED_EVENTS);
  return {
    apiVersion: 'v1',
    listKind: 'EventList',
    version: () => list().at(-1)?.at ?? 1,
    list: () => list().map(renderEvent),
    since: (version) => {
      const kept = list();
      const [oldest] = kept;
      // A full list may have lost some that came after that version.
      if (kept.length >= LISTED_EVENTS && oldest !== undefined && oldest.at > version)
        return undefined;
      return kept.filter((event) => event.at > version).map(change);
    },
    listen: (listener) => events.listen((event) => listener(change(event))),
    fields: {
      'involvedObject.name': ({ involvedObject }) => involvedObject.name,
      'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace,
      'involvedObject.kind': ({ involvedObject }) => involvedObject.kind,
      type: ({ type }) => type,
      reason: ({ reason }) => reason,
    },
  };
}
