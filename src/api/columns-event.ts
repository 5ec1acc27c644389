/** The columns of Events, as Kubernetes prints them (`pkg/printers/internalversion` printEvent). */
import { since } from './columns-vm.ts';
import type { EventObject, EventV1Object } from './contract-event.ts';
import type { ObjectReference } from './contract-meta.ts';
import type { ApiObject } from './source.ts';
import type { TableColumn } from './table.ts';

/** What the table shows of an event, whichever of the two shapes it has. */
interface Shown {
  readonly type: string;
  readonly reason: string;
  readonly about: ObjectReference;
  readonly message: string;
  readonly first: string;
  readonly last: string;
  readonly count: number;
  readonly source: string;
}

export const EVENT_COLUMNS = columns((event: EventObject) => ({
  type: event.type,
  reason: event.reason,
  about: event.involvedObject,
  message: event.message,
  first: event.firstTimestamp,
  last: event.lastTimestamp,
  count: event.count,
  source: event.source.component,
}));

export const EVENT_V1_COLUMNS = columns((event: EventV1Object) => ({
  type: event.type,
  reason: event.reason,
  about: event.regarding,
  message: event.note,
  first: event.deprecatedFirstTimestamp,
  last: event.deprecatedLastTimestamp,
  count: event.deprecatedCount,
  source: event.reportingController,
}));

function columns<T extends ApiObject>(shown: (event: T) => Shown): readonly TableColumn<T>[] {
  return [
    {
      name: 'Last Seen',
      type: 'string',
      description: 'When it happened last',
      cell: (event, now) => since(shown(event).last, now),
    },
    {
      name: 'Type',
      type: 'string',
      description: 'Normal or Warning',
      cell: (event) => shown(event).type,
    },
    {
      name: 'Reason',
      type: 'string',
      description: 'What happened, in one word',
      cell: (event) => shown(event).reason,
    },
    {
      name: 'Object',
      type: 'string',
      description: 'What it happened to',
      cell: (event) => {
        const { kind, name } = shown(event).about;
        return `${kind.toLowerCase()}/${name}`;
      },
    },
    {
      name: 'Source',
      type: 'string',
      description: 'Who noted it',
      wide: true,
      cell: (event) => shown(event).source,
    },
    {
      name: 'Message',
      type: 'string',
      description: 'What happened, in a sentence',
      cell: (event) => shown(event).message.trim(),
    },
    {
      name: 'First Seen',
      type: 'string',
      description: 'When it happened first',
      wide: true,
      cell: (event, now) => since(shown(event).first, now),
    },
    {
      name: 'Count',
      type: 'integer',
      description: 'How often it happened',
      wide: true,
      cell: (event) => shown(event).count,
    },
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'Name of the event',
      wide: true,
      cell: ({ metadata }) => metadata.name,
    },
  ];
}
