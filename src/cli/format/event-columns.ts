/**
 * The columns of `solovirt events`.
 */
import type { EventObject } from '../../api/contract-event.ts';
import { formatInstant } from './age.ts';
import type { Style } from './paint.ts';
import type { Column } from './table.ts';

export function eventColumns(options: {
  readonly wide: boolean;
  readonly namespaces: boolean;
}): readonly Column<EventObject>[] {
  return [
    ...(options.namespaces
      ? [{ title: 'NAMESPACE', cell: (e: EventObject) => e.involvedObject.namespace }]
      : []),
    { title: 'TIME', cell: (e) => formatInstant(e.lastTimestamp), drop: 3 },
    { title: 'TYPE', cell: (e) => e.type, style: typeStyle, drop: 2 },
    { title: 'REASON', cell: (e) => e.reason },
    { title: 'OBJECT', cell: objectCell, drop: 4 },
    ...(options.wide
      ? [{ title: 'FIRST', cell: (e: EventObject) => formatInstant(e.firstTimestamp), drop: 5 }]
      : []),
    { title: 'MESSAGE', cell: messageCell },
  ];
}

function typeStyle({ type }: EventObject): Style | undefined {
  return type === 'Warning' ? 'busy' : undefined;
}

function objectCell({ involvedObject }: EventObject): string {
  return `${involvedObject.kind.toLowerCase()}/${involvedObject.name}`;
}

function messageCell({ message, count }: EventObject): string {
  return count > 1 ? `${message} (x${count})` : message;
}

/** Oldest first, as a log reads. */
export function byTime(events: readonly EventObject[]): readonly EventObject[] {
  return events.toSorted((a, b) => Date.parse(a.lastTimestamp) - Date.parse(b.lastTimestamp));
}
