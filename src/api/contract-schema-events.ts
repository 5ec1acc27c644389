/** What events of the group `events.k8s.io` look like, declared beside the type of `contract-event.ts`. */
import { declareType, field } from '../core/schema/declare.ts';
import { INTEGER, of, oneOf, TEXT, TIME } from '../core/schema/schema.ts';
import type { EventV1Object } from './contract-event.ts';
import { EVENT_SOURCE, OBJECT_META, OBJECT_REFERENCE } from './contract-schema-meta.ts';

const PACKAGE = 'io.k8s.api.events.v1';

const SERIES = declareType<NonNullable<EventV1Object['series']>>(
  { name: 'EventSeries', package: PACKAGE, description: 'That it happened more than once.' },
  {
    count: field(INTEGER, 'How often it happened.'),
    lastObservedTime: field(TIME, 'When it happened last.'),
  },
);

export const EVENT_V1 = declareType<EventV1Object>(
  { name: 'Event', package: PACKAGE, description: 'Something that happened.' },
  {
    apiVersion: field(TEXT, 'events.k8s.io/v1.'),
    kind: field(TEXT, 'Event.'),
    metadata: field(of(OBJECT_META), 'Name and time.'),
    eventTime: field(TIME, 'When it happened first.'),
    series: field(of(SERIES), 'That it happened more than once.'),
    reportingController: field(TEXT, 'The program.'),
    reportingInstance: field(TEXT, 'The host.'),
    reason: field(TEXT, 'What happened, as one word.'),
    regarding: field(of(OBJECT_REFERENCE), 'The object that it happened to.'),
    related: field(of(OBJECT_REFERENCE), 'The instance that an event about a VM tells of.'),
    note: field(TEXT, 'What happened, in words.'),
    type: field(oneOf('Normal', 'Warning'), 'Whether somebody should look at it.'),
    deprecatedSource: field(of(EVENT_SOURCE), 'Who reports it.'),
    deprecatedFirstTimestamp: field(TIME, 'When it happened first.'),
    deprecatedLastTimestamp: field(TIME, 'When it happened last.'),
    deprecatedCount: field(INTEGER, 'How often it happened.'),
  },
  ['eventTime'],
);
