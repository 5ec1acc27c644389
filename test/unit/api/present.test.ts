/** The forms in which objects are answered. */
import { describe, expect, test } from 'vitest';
import { formOf } from '../../../src/api/negotiate.ts';
import { presenterOf, type Served } from '../../../src/api/present.ts';
import type { ApiRequest, Reply } from '../../../src/api/reply.ts';
import { type ApiObject, sourceOf } from '../../../src/api/source.ts';
import { SnapshotStore } from '../../../src/supervisor/snapshot-store.ts';
import { Versions } from '../../../src/supervisor/versions.ts';

const KUBECTL =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

function request(accept: string, query: Readonly<Record<string, string>> = {}): ApiRequest {
  return {
    method: 'GET',
    params: {},
    query: new URLSearchParams(query),
    version: 'v1alpha3',
    accept,
    ifNoneMatch: '',
    contentType: '',
    text: '',
    body: {},
  };
}

describe('the form', () => {
  test.for<readonly [string, object]>([
    ['', { kind: 'object' }],
    ['*/*', { kind: 'object' }],
    ['application/json', { kind: 'object' }],
    [KUBECTL, { kind: 'table', version: 'v1', include: 'Metadata' }],
    [
      'application/json;as=Table;g=meta.k8s.io;v=v1beta1',
      { kind: 'table', version: 'v1beta1', include: 'Metadata' },
    ],
    ['application/json;as=Table;v=v9;g=meta.k8s.io, application/json', { kind: 'object' }],
    ['application/vnd.kubernetes.protobuf, application/json', { kind: 'object' }],
    [
      'application/json; as=PartialObjectMetadataList; g=meta.k8s.io; v=v1',
      { kind: 'metadata', version: 'v1' },
    ],
  ])('of "%s"', ([accept, form]) => {
    expect(formOf(request(accept))).toEqual(form);
  });

  test('that cannot be given is refused with those that can', () => {
    const accept = 'application/vnd.kubernetes.protobuf';
    expect(() => formOf(request(accept))).toThrow('this server gives application/json');
    expect(() => formOf(request('', { includeObject: 'All' }))).toThrow('None, Metadata or Object');
  });
});

interface Thing extends ApiObject {
  readonly value: number;
}

const versions = new Versions(() => 1);
const store = new SnapshotStore<Thing>(versions, () => 0);
const put = (value: number): void =>
  void store.put('a', (version) => ({
    apiVersion: 'kubevirt.io/v1',
    kind: 'Thing',
    value,
    metadata: {
      name: 'a',
      namespace: 'default',
      uid: 'u',
      resourceVersion: String(version),
      creationTimestamp: '',
    },
  }));
put(1);

const served: Served<Thing> = {
  group: 'kubevirt.io',
  plural: 'things',
  kind: 'Thing',
  source: sourceOf(store, (thing) => thing),
  columns: [
    { name: 'Value', type: 'integer', description: '', cell: ({ value }) => value },
    { name: 'Now', type: 'string', description: '', wide: true, cell: (_, now) => `${now}` },
  ],
  fields: {},
};
const presenter = presenterOf(served, () => 7);

function body(reply: Reply): unknown {
  return reply.kind === 'json' ? reply.body : undefined;
}

const metadata = { name: 'a', uid: 'u', resourceVersion: '2' };

test('objects and their list are of the version that the path names', () => {
  expect(body(presenter.listOrWatch(request('')))).toMatchObject({
    apiVersion: 'kubevirt.io/v1alpha3',
    kind: 'ThingList',
    metadata: { resourceVersion: '2' },
    items: [{ apiVersion: 'kubevirt.io/v1alpha3', value: 1 }],
  });
});

test('a table has its columns and a row for each object, with what the client wants of it', () => {
  const table = (includeObject: string) =>
    body(presenter.listOrWatch(request(KUBECTL, { includeObject })));
  expect(table('Metadata')).toMatchObject({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '2' },
    columnDefinitions: [
      { name: 'Value', type: 'integer', priority: 0 },
      { name: 'Now', type: 'string', priority: 1 },
    ],
    rows: [{ cells: [1, '7'], object: { kind: 'PartialObjectMetadata', metadata } }],
  });
  expect(table('Object')).toMatchObject({
    rows: [{ object: { kind: 'Thing', apiVersion: 'kubevirt.io/v1alpha3' } }],
  });
  expect(table('None')).toMatchObject({ rows: [{ cells: [1, '7'] }] });
  expect(table('None')).not.toHaveProperty('rows.0.object');
});

test('metadata alone', () => {
  const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
  const list = body(presenter.listOrWatch(request(accept)));
  expect(list).toMatchObject({
    kind: 'PartialObjectMetadataList',
    items: [{ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }],
  });
  expect(list).not.toHaveProperty('items.0.value');
});

test('what is not there is named as Kubernetes names it', () => {
  const nobody = { ...request(''), params: { name: 'nobody' } };
  expect(() => presenter.get(nobody, undefined)).toThrow('things.kubevirt.io "nobody" not found');
});

async function watched(accept: string, count: number): Promise<readonly unknown[]> {
  const query = { watch: '1', timeoutSeconds: '0.001', allowWatchBookmarks: 'true' };
  const reply = presenter.listOrWatch(request(accept, query));
  if (reply.kind !== 'stream') throw new Error('a watch is a stream');
  let text = '';
  for await (const chunk of reply.chunks(new AbortController().signal)) {
    if (text === '') put(2);
    text += chunk;
  }
  const lines = text.trim().split('\n');
  expect(lines).toHaveLength(count);
  return lines.map((line): unknown => JSON.parse(line));
}

test('only the first table of a watch has the columns; a bookmark is an empty row', async () => {
  const [first, second, last] = await watched(KUBECTL, 3);
  expect(first).toMatchObject({ type: 'ADDED', object: { columnDefinitions: [{}, {}] } });
  expect(second).toMatchObject({
    type: 'MODIFIED',
    object: { kind: 'Table', columnDefinitions: null, rows: [{ cells: [2, '7'] }] },
  });
  expect(last).toMatchObject({
    type: 'BOOKMARK',
    object: { rows: [{ cells: ['', ''], object: { metadata: { resourceVersion: '3' } } }] },
  });
});
