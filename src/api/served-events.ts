/** Events as the socket serves them: at `core/v1` and at `events.k8s.io/v1`. */
import type { LoggedEvent } from '../supervisor/event-log.ts';
import { EVENT_COLUMNS, EVENT_V1_COLUMNS } from './columns-event.ts';
import type { EventObject, EventV1Object } from './contract-event.ts';
import type { ObjectReference } from './contract-meta.ts';
import type { Served } from './present.ts';
import { renderEvent, renderEventV1 } from './render-event.ts';
import type { FieldReaders } from './selection.ts';
import { type Store, sourceOf } from './source.ts';

export function servedEvents(events: Store<LoggedEvent>): Served<EventObject> {
  return {
    group: '',
    plural: 'events',
    kind: 'Event',
    source: sourceOf(events, renderEvent),
    columns: EVENT_COLUMNS,
    fields: {
      ...referenceFields('involvedObject', ({ involvedObject }) => involvedObject),
      type: ({ type }) => type,
      reason: ({ reason }) => reason,
      source: ({ source }) => source.component,
      reportingComponent: ({ reportingComponent }) => reportingComponent,
    },
  };
}

export function servedEventsV1(events: Store<LoggedEvent>): Served<EventV1Object> {
  return {
    group: 'events.k8s.io',
    plural: 'events',
    kind: 'Event',
    source: sourceOf(events, renderEventV1),
    columns: EVENT_V1_COLUMNS,
    fields: {
      ...referenceFields('regarding', ({ regarding }) => regarding),
      type: ({ type }) => type,
      reason: ({ reason }) => reason,
      reportingController: ({ reportingController }) => reportingController,
    },
  };
}

function referenceFields<T>(field: string, read: (event: T) => ObjectReference): FieldReaders<T> {
  return {
    [`${field}.kind`]: (event) => read(event).kind,
    [`${field}.namespace`]: (event) => read(event).namespace,
    [`${field}.name`]: (event) => read(event).name,
    [`${field}.uid`]: (event) => read(event).uid ?? '',
    [`${field}.apiVersion`]: (event) => read(event).apiVersion,
    // Events are about whole objects here, whatever version they had.
    [`${field}.resourceVersion`]: () => '',
    [`${field}.fieldPath`]: () => '',
  };
}
