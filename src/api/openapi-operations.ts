/**
 * The routes of the socket as operations of an API document. Those on objects follow from `resources.ts`, the others
 * have a row in `openapi-words.ts`. Pure.
 */
import { type ObjectType, TEXT } from '../core/schema/schema.ts';
import { kindType } from './contract-schema.ts';
import { listType, STATUS } from './contract-schema-meta.ts';
import { DELETE_OPTIONS } from './contract-schema-options.ts';
import { BODY_TYPES, JSON_TYPE, type Parameter, QUERY } from './openapi-parameters.ts';
import { OPERATION_WORDS, type OperationWords } from './openapi-words.ts';
import { RESOURCES, type ResourceRow, type ResourceVerb } from './resources.ts';

export interface OperationRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** It only says why there is nothing: no operation. */
  readonly refusal?: true;
}

export interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** With `{name}` for a part that varies. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** The group and version, as in the path. */
  readonly tag: string;
  readonly parameters: readonly Parameter[];
  readonly body?: Payload;
  readonly answer: Payload & { readonly code: number };
  /** For operations on objects: what `kubectl` looks for. */
  readonly on?: {
    readonly action: ResourceVerb;
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  };
}

export interface Payload {
  /** Absent: of no type that is described. */
  readonly type?: ObjectType | undefined;
  readonly mediaTypes: readonly string[];
}

/** Both versions of the kinds and of their verbs are documented: routes name the first. */
const VERSIONED = /^(\/apis\/(?:subresources\.)?kubevirt\.io\/)v1(?=\/)/;

export function operationsOf(rows: readonly OperationRoute[]): readonly Operation[] {
  return rows.flatMap((row) => {
    if (row.refusal === true) return [];
    const older = VERSIONED.test(row.path)
      ? [{ ...row, path: row.path.replace(VERSIONED, '$1v1alpha3') }]
      : [];
    return [row, ...older].map((written) => onObjects(written) ?? onOther(written, row));
  });
}

/** The verb, kind and version of a path of objects, if it is one. */
export function objectRoute({ method, path }: OperationRoute):
  | {
      readonly verb: ResourceVerb;
      readonly row: ResourceRow;
      readonly version: string;
      readonly everywhere: boolean;
    }
  | undefined {
  const match =
    /^\/(?:api|apis\/(?<group>[^/:]+))\/(?<version>v[^/]+)(?<scope>\/namespaces\/:namespace)?\/(?<plural>[^/:]+)(?<one>\/:\w+)?$/.exec(
      path,
    );
  const { group = '', version = '', scope, plural, one } = match?.groups ?? {};
  const row = RESOURCES.find(
    (candidate) =>
      candidate.plural === plural &&
      candidate.group === group &&
      candidate.versions.includes(version),
  );
  const verb = (one === undefined ? ON_LISTS : ON_OBJECTS)[method];
  if (row === undefined || verb === undefined) return undefined;
  return { verb, row, version, everywhere: row.namespaced && scope === undefined };
}

const ON_LISTS: Readonly<Partial<Record<OperationRoute['method'], ResourceVerb>>> = {
  GET: 'list',
  POST: 'create',
  DELETE: 'deletecollection',
};
const ON_OBJECTS: Readonly<Partial<Record<OperationRoute['method'], ResourceVerb>>> = {
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const SUMMARIES: Readonly<Record<ResourceVerb, string>> = {
  get: 'Read',
  list: 'List or watch all objects of the kind',
  watch: 'Watch all objects of the kind',
  create: 'Create',
  update: 'Replace',
  patch: 'Change a part of',
  delete: 'Remove',
  deletecollection: 'Remove several objects of the kind',
};

function onObjects(route: OperationRoute): Operation | undefined {
  const found = objectRoute(route);
  if (found === undefined) return undefined;
  const { verb, row, version, everywhere } = found;
  const type = kindType(row);
  const scope = everywhere ? 'AllNamespaces' : row.namespaced ? 'Namespaced' : '';
  const answers: Readonly<Record<ResourceVerb, ObjectType | undefined>> = {
    get: type,
    list: type && listType(type),
    watch: type && listType(type),
    create: type,
    update: type,
    patch: type,
    delete: type,
    deletecollection: STATUS,
  };
  const bodies: Readonly<Partial<Record<ResourceVerb, ObjectType | undefined>>> = {
    create: type,
    update: type,
    delete: DELETE_OPTIONS,
    deletecollection: DELETE_OPTIONS,
  };
  const mediaTypes = BODY_TYPES[verb];
  return {
    ...common(route),
    id: [row.group.split('.')[0] ?? '', version, verb, scope, row.kind].map(capital).join(''),
    summary: `${SUMMARIES[verb]} ${row.kind}`,
    parameters: [...pathParameters(route.path), ...QUERY[verb]],
    ...(mediaTypes.length > 0 && { body: { type: bodies[verb], mediaTypes } }),
    answer: { code: verb === 'create' ? 201 : 200, type: answers[verb], mediaTypes: [JSON_TYPE] },
    on: { action: verb, group: row.group, version, kind: row.kind },
  };
}

function onOther(route: OperationRoute, asWritten: OperationRoute): Operation {
  const words = OPERATION_WORDS[`${asWritten.method} ${asWritten.path}`];
  const { answer, answerTypes = [JSON_TYPE], code = 200 } = words ?? {};
  return {
    ...common(route),
    id: `${route.method.toLowerCase()}${route.path
      .split(/[^A-Za-z0-9]+/)
      .map(capital)
      .join('')}`,
    summary: words?.summary ?? `${route.method} ${route.path}`,
    parameters: [...pathParameters(route.path), ...(words?.query ?? [])],
    ...bodyOf(words),
    answer: { code, type: answer, mediaTypes: answerTypes },
  };
}

function bodyOf(words: OperationWords | undefined): Pick<Operation, 'body'> {
  if (words?.body !== undefined) return { body: { type: words.body, mediaTypes: [JSON_TYPE] } };
  return words?.bodyTypes === undefined ? {} : { body: { mediaTypes: words.bodyTypes } };
}

function common({ method, path }: OperationRoute): Pick<Operation, 'method' | 'path' | 'tag'> {
  return {
    method: LOWER[method],
    path: path.replaceAll(/:(\w+)/g, '{$1}'),
    tag: tagOf(path),
  };
}

const LOWER = { GET: 'get', PUT: 'put', POST: 'post', PATCH: 'patch', DELETE: 'delete' } as const;

/** Under which name the v3 documents are listed: `apis/kubevirt.io/v1`, `api/v1`, `version`. */
function tagOf(path: string): string {
  const group = /^\/(api\/v1|apis\/[^/:]+\/v[^/:]+)(?:\/|$)/.exec(path)?.[1];
  return group ?? path.split('/')[1] ?? '';
}

function pathParameters(path: string): readonly Parameter[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    in: 'path',
    name,
    description: PATH_WORDS[name] ?? `The ${name}.`,
    schema: TEXT,
  }));
}

const PATH_WORDS: Readonly<Record<string, string>> = {
  name: 'The name of the object.',
  namespace: 'The namespace of the object.',
};

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
