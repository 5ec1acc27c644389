/**
 * From objects to the answers of GET, list and watch, in the form that the client asked for and in the version of the API
 * that its path names.
 */
import type { ListMeta, Page } from './list.ts';
import { pageOf } from './list.ts';
import { isWatch, listOptionsOf, watchOptionsOf } from './list-options.ts';
import { type Form, formOf } from './negotiate.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';
import { type FieldReaders, selectionOf } from './selection.ts';
import type { ApiObject, ObjectChange, Source } from './source.ts';
import { metadataOf, type Table, type TableColumn, tableOf } from './table.ts';
import { type EventWriter, watch } from './watch.ts';

/** A kind of object as the socket serves it. */
export interface Served<T extends ApiObject> {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly source: Source<T>;
  readonly columns: readonly TableColumn<T>[];
  /** What field selectors can name beyond `metadata.name` and `metadata.namespace`. */
  readonly fields: FieldReaders<T>;
}

export interface Presenter<T extends ApiObject> {
  readonly get: (request: ApiRequest, object: T | undefined) => Reply;
  readonly listOrWatch: (request: ApiRequest) => Reply;
}

/** @param now Unix ms: ages are counted from it */
export function presenterOf<T extends ApiObject>(
  served: Served<T>,
  now: () => number,
): Presenter<T> {
  return {
    get: (request, object) => {
      if (object === undefined) throw notFound(served, request.params['name'] ?? '');
      return json(presentOne(shapeOf(served, request, now), object));
    },
    listOrWatch: (request) => {
      const { params, query } = request;
      const shape = shapeOf(served, request, now);
      const selects = selectionOf(params['namespace'], query, {
        ...METADATA_FIELDS,
        ...served.fields,
      });
      if (isWatch(query))
        return watch(served.source, selects, watchOptionsOf(query), writerOf(shape));
      return json(presentPage(shape, pageOf(served.source, selects, listOptionsOf(query))));
    },
  };
}

const METADATA_FIELDS: FieldReaders<ApiObject> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
};

/** Kubernetes' words; programs read the details. */
export function notFound(
  { group, plural }: Pick<Served<ApiObject>, 'group' | 'plural'>,
  name: string,
): ApiError {
  const resource = group === '' ? plural : `${plural}.${group}`;
  return new ApiError(`${resource} "${name}" not found`, {
    code: 404,
    details: { name, ...(group === '' ? {} : { group }), kind: plural },
  });
}

interface Shape<T extends ApiObject> {
  readonly served: Served<T>;
  readonly form: Form;
  readonly apiVersion: string;
  readonly now: () => number;
}

function shapeOf<T extends ApiObject>(
  served: Served<T>,
  request: ApiRequest,
  now: () => number,
): Shape<T> {
  const { group } = served;
  const version = group === 'kubevirt.io' ? request.version : 'v1';
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return { served, form: formOf(request), apiVersion, now };
}

function presentOne<T extends ApiObject>(shape: Shape<T>, object: T): object {
  const { form } = shape;
  switch (form.kind) {
    case 'object':
      return inVersion(shape, object);
    case 'metadata':
      return metadataOf(object, form.version);
    case 'table': {
      const { resourceVersion } = object.metadata;
      return table(shape, form, [object], { resourceVersion });
    }
  }
}

function presentPage<T extends ApiObject>(shape: Shape<T>, { metadata, items }: Page<T>): object {
  const { form, served, apiVersion } = shape;
  switch (form.kind) {
    case 'object':
      return {
        apiVersion,
        kind: `${served.kind}List`,
        metadata,
        items: items.map((object) => inVersion(shape, object)),
      };
    case 'metadata':
      return {
        apiVersion: `meta.k8s.io/${form.version}`,
        kind: 'PartialObjectMetadataList',
        metadata,
        items: items.map((object) => metadataOf(object, form.version)),
      };
    case 'table':
      return table(shape, form, items, metadata);
  }
}

function table<T extends ApiObject>(
  shape: Shape<T>,
  form: Extract<Form, { kind: 'table' }>,
  items: readonly T[],
  metadata: Partial<ListMeta>,
): Table {
  const { served, now } = shape;
  return tableOf(served.columns, items, {
    form,
    metadata,
    now: now(),
    versionOf: (object) => inVersion(shape, object),
  });
}

function inVersion<T extends ApiObject>({ apiVersion }: Shape<T>, object: T): object {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

function writerOf<T extends ApiObject>(shape: Shape<T>): EventWriter<T> {
  const { form, apiVersion, served } = shape;
  const isTable = form.kind === 'table';
  // Only the first table of a watch says what its columns are (Kubernetes' apiserver: NoHeaders).
  let isFirst = true;
  const headersOnce = (object: object): object => {
    if (!isTable || isFirst) {
      isFirst = false;
      return object;
    }
    return { ...object, columnDefinitions: null };
  };
  return {
    change: ({ type, object }: ObjectChange<T>) => ({
      type,
      object: headersOnce(presentOne(shape, object)),
    }),
    bookmark: (version, annotations) => {
      const resourceVersion = String(version);
      const metadata = { resourceVersion, ...(annotations === undefined ? {} : { annotations }) };
      switch (form.kind) {
        case 'object':
          return { type: 'BOOKMARK', object: { kind: served.kind, apiVersion, metadata } };
        case 'metadata':
          return { type: 'BOOKMARK', object: partial(form.version, metadata) };
        case 'table': {
          const cells = served.columns.map(() => '');
          const rows = [{ cells, object: partial(form.version, metadata) }];
          const empty = table(shape, form, [], { resourceVersion });
          return { type: 'BOOKMARK', object: headersOnce({ ...empty, rows }) };
        }
      }
    },
  };
}

function partial(version: string, metadata: object): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}
