/** The parts of Kubernetes' own that every object has, lists, the answer `Status`, and events. */
import { declareType, field } from '../core/schema/declare.ts';
import {
  FLAG,
  INTEGER,
  listOf,
  type ObjectType,
  of,
  oneOf,
  TEXT,
  TEXTS,
  TIME,
} from '../core/schema/schema.ts';
import { OBJECT_WORDS } from '../core/schema/words-objects.ts';
import type { EventObject } from './contract-event.ts';
import type { ObjectMeta, ObjectReference, StatusObject } from './contract-meta.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const WORDS = OBJECT_WORDS.ObjectMeta;

export const OWNER_REFERENCE = declareType<{
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}>(
  { name: 'OwnerReference', package: META, description: 'An object that this one belongs to.' },
  {
    apiVersion: field(TEXT, 'Its version.'),
    kind: field(TEXT, 'Its kind.'),
    name: field(TEXT, 'Its name.'),
    uid: field(TEXT, 'Its uid.'),
    controller: field(FLAG, 'That object manages this one.'),
    blockOwnerDeletion: field(FLAG, 'That object stays until this one is gone.'),
  },
  ['apiVersion', 'kind', 'name', 'uid'],
);

export const MANAGED_FIELDS = declareType<{
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: object;
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
}>(
  {
    name: 'ManagedFieldsEntry',
    package: META,
    description: 'The fields that one program wrote.',
  },
  {
    apiVersion: field(TEXT, 'The version in which it wrote.'),
    fieldsType: field(TEXT, 'The form of fieldsV1.'),
    fieldsV1: field({ kind: 'any-object' }, 'The fields.'),
    manager: field(TEXT, 'The program.'),
    operation: field(TEXT, 'Apply or Update.'),
    subresource: field(TEXT, 'The subresource that was written to.'),
    time: field(TIME, 'When.'),
  },
);

/** Everything that Kubernetes has: clients that check objects by themselves send all of it back. */
export const OBJECT_META = declareType<
  ObjectMeta & {
    readonly generateName?: string;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly object[];
    readonly selfLink?: string;
  }
>(
  { name: 'ObjectMeta', package: META, description: WORDS.about },
  {
    name: field(TEXT, WORDS.fields.name),
    generateName: field(TEXT, WORDS.fields.generateName),
    namespace: field(TEXT, WORDS.fields.namespace.text),
    labels: field(TEXTS, WORDS.fields.labels),
    annotations: field(TEXTS, WORDS.fields.annotations),
    uid: field(TEXT, WORDS.fields.uid),
    resourceVersion: field(TEXT, WORDS.fields.resourceVersion),
    generation: field(INTEGER, WORDS.fields.generation),
    creationTimestamp: field(TIME, WORDS.fields.creationTimestamp),
    deletionTimestamp: field(TIME, WORDS.fields.deletionTimestamp),
    deletionGracePeriodSeconds: field(INTEGER, WORDS.fields.deletionGracePeriodSeconds),
    finalizers: field(listOf(TEXT), WORDS.fields.finalizers),
    ownerReferences: field(listOf(OWNER_REFERENCE), WORDS.fields.ownerReferences),
    managedFields: field(listOf(MANAGED_FIELDS), WORDS.fields.managedFields),
    selfLink: field(TEXT, WORDS.fields.selfLink),
  },
);

export const LIST_META = declareType<{
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}>(
  { name: 'ListMeta', package: META, description: 'What is to be known of a list as a whole.' },
  {
    resourceVersion: field(TEXT, 'The state that the list shows; a watch can go on from there.'),
    continue: field(TEXT, 'Asks for the rest of a list that was cut off by limit.'),
    remainingItemCount: field(INTEGER, 'How many objects the rest has.'),
  },
);

const STATUS_CAUSE = declareType<
  NonNullable<NonNullable<StatusObject['details']>['causes']>[number]
>(
  { name: 'StatusCause', package: META, description: 'One fault of several.' },
  {
    reason: field(TEXT, 'The kind of the fault, as one word.'),
    message: field(TEXT, 'The fault in words.'),
    field: field(TEXT, 'The path of the field.'),
  },
  ['message'],
);

const STATUS_DETAILS = declareType<NonNullable<StatusObject['details']>>(
  { name: 'StatusDetails', package: META, description: 'What the answer is about.' },
  {
    name: field(TEXT, 'The name of the object.'),
    group: field(TEXT, 'The API group of the object.'),
    kind: field(TEXT, 'The kind of the object.'),
    retryAfterSeconds: field(INTEGER, 'How long to wait before another try.'),
    causes: field(listOf(STATUS_CAUSE), 'Every single fault.'),
  },
);

export const STATUS = declareType<StatusObject>(
  { name: 'Status', package: META, description: 'An answer that is no object: an error, mostly.' },
  {
    apiVersion: field(TEXT, 'v1.'),
    kind: field(TEXT, 'Status.'),
    metadata: field(of(LIST_META), 'Empty.'),
    status: field(oneOf('Success', 'Failure'), 'How it went.'),
    message: field(TEXT, 'What happened and what to do next, in words.'),
    reason: field(TEXT, 'What happened, as one word.'),
    code: field(INTEGER, 'The HTTP status.'),
    details: field(of(STATUS_DETAILS), 'What the answer is about.'),
  },
  ['status', 'code'],
);

export const OBJECT_REFERENCE = declareType<ObjectReference>(
  { name: 'ObjectReference', package: 'io.k8s.api.core.v1', description: 'Names an object.' },
  {
    apiVersion: field(TEXT, 'Its version.'),
    kind: field(TEXT, 'Its kind.'),
    namespace: field(TEXT, 'Its namespace.'),
    name: field(TEXT, 'Its name.'),
    uid: field(TEXT, 'Its uid.'),
  },
);

export const EVENT_SOURCE = declareType<EventObject['source']>(
  { name: 'EventSource', package: 'io.k8s.api.core.v1', description: 'Who reports.' },
  { component: field(TEXT, 'The program.'), host: field(TEXT, 'The host.') },
);

export const EVENT = declareType<EventObject>(
  { name: 'Event', package: 'io.k8s.api.core.v1', description: 'Something that happened.' },
  {
    apiVersion: field(TEXT, 'v1.'),
    kind: field(TEXT, 'Event.'),
    metadata: field(of(OBJECT_META), 'Name and time.'),
    involvedObject: field(of(OBJECT_REFERENCE), 'The object that it happened to.'),
    type: field(oneOf('Normal', 'Warning'), 'Whether somebody should look at it.'),
    reason: field(TEXT, 'What happened, as one word.'),
    message: field(TEXT, 'What happened, in words.'),
    firstTimestamp: field(TIME, 'When it happened first.'),
    lastTimestamp: field(TIME, 'When it happened last.'),
    count: field(INTEGER, 'How often it happened.'),
    source: field(of(EVENT_SOURCE), 'Who reports it.'),
    related: field(of(OBJECT_REFERENCE), 'The instance that an event about a VM tells of.'),
    eventTime: field(TIME, 'Not used here: firstTimestamp and lastTimestamp are.'),
    reportingComponent: field(TEXT, 'The program.'),
    reportingInstance: field(TEXT, 'The host.'),
  },
  ['metadata', 'involvedObject'],
);

/** The list of the objects of one kind. */
export function listType(item: ObjectType): ObjectType {
  return declareType<{
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: object;
    readonly items: readonly object[];
  }>(
    {
      name: `${item.name}List`,
      ...(item.package && { package: item.package }),
      description: `A list of objects of the kind ${item.name}.`,
    },
    {
      apiVersion: field(TEXT, 'The version of the list.'),
      kind: field(TEXT, `${item.name}List.`),
      metadata: field(of(LIST_META), 'What is to be known of the list as a whole.'),
      items: field(listOf(item), 'The objects.'),
    },
    ['items'],
  );
}
