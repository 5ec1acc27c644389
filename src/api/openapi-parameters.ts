/** What can be asked of Kubernetes' own verbs in the query, and in which media types objects are sent. */
import { FLAG, INTEGER, oneOf, type Schema, TEXT } from '../core/schema/schema.ts';
import type { ResourceVerb } from './resources.ts';

export interface Parameter {
  readonly in: 'path' | 'query';
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
}

export function query(name: string, schema: Schema, description: string): Parameter {
  return { in: 'query', name, schema, description };
}

const DRY_RUN = query('dryRun', oneOf('All'), 'Check everything and change nothing.');

const WRITE: readonly Parameter[] = [
  DRY_RUN,
  query('fieldManager', TEXT, 'The program that writes.'),
  query(
    'fieldValidation',
    oneOf('Ignore', 'Warn', 'Strict'),
    'What becomes of fields that are not known.',
  ),
];

const LIST: readonly Parameter[] = [
  query('labelSelector', TEXT, 'Only objects with these labels: app=web,tier!=db.'),
  query('fieldSelector', TEXT, 'Only objects with these fields: metadata.name=web.'),
  query('limit', INTEGER, 'At most as many objects; the answer says how to get the rest.'),
  query('continue', TEXT, 'The rest of an earlier list.'),
  query('resourceVersion', TEXT, 'For a watch: only changes after this version.'),
  query('resourceVersionMatch', TEXT, 'How resourceVersion is meant for a list.'),
  query('watch', FLAG, 'Go on with one line for each change.'),
  query('allowWatchBookmarks', FLAG, 'The watch may tell the version from time to time.'),
  query('sendInitialEvents', FLAG, 'The watch begins with what is there.'),
  query('timeoutSeconds', INTEGER, 'The watch ends after so many seconds.'),
];

export const QUERY: Readonly<Record<ResourceVerb, readonly Parameter[]>> = {
  get: [],
  list: LIST,
  watch: LIST,
  create: WRITE,
  update: WRITE,
  patch: WRITE,
  delete: [
    DRY_RUN,
    query('gracePeriodSeconds', INTEGER, 'Seconds that the guest may take to shut down.'),
    query(
      'propagationPolicy',
      oneOf('Orphan', 'Background', 'Foreground'),
      'What becomes of the objects that belong to it.',
    ),
  ],
  deletecollection: [DRY_RUN, ...LIST],
};

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';

/** What a body of the verb may be. */
export const BODY_TYPES: Readonly<Record<ResourceVerb, readonly string[]>> = {
  get: [],
  list: [],
  watch: [],
  create: [JSON_TYPE, YAML_TYPE],
  update: [JSON_TYPE, YAML_TYPE],
  patch: ['application/json-patch+json', 'application/merge-patch+json'],
  delete: [JSON_TYPE],
  deletecollection: [JSON_TYPE],
};
