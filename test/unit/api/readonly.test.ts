import { describe, expect, test } from 'vitest';
import { HIDDEN, readonlyRoutes, redacted } from '../../../src/api/readonly.ts';
import { ApiError, type ApiRequest, json, type Reply } from '../../../src/api/reply.ts';
import type { Route } from '../../../src/api/route.ts';
import { allRoutes } from './all-routes.ts';

const REQUEST: ApiRequest = {
  method: 'GET',
  params: {},
  query: new URLSearchParams(),
  version: 'v1',
  accept: '',
  contentType: '',
  ifNoneMatch: '',
  text: '',
  body: {},
};

async function answer(row: Route): Promise<Reply> {
  const [first] = readonlyRoutes([row], '/run/s');
  if (first === undefined) throw new Error('no row');
  return first.handle(REQUEST);
}

async function textOf(reply: Reply): Promise<string> {
  if (reply.kind !== 'stream') throw new Error(reply.kind);
  let text = '';
  for await (const chunk of reply.chunks(new AbortController().signal)) text += chunk;
  return text;
}

async function* chunksOf(...chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks;
}

describe('what holds secrets is hidden', () => {
  test.for([
    'kernelArgs',
    'userData',
    'userDataBase64',
    'networkData',
    'networkDataBase64',
    'consoleTail',
    'stderrTail',
    'kubectl.kubernetes.io/last-applied-configuration',
  ])('%s', (key) => {
    expect(redacted({ a: [{ [key]: 'secret', name: 'x' }] })).toEqual({
      a: [{ [key]: HIDDEN, name: 'x' }],
    });
    expect(redacted({ [key]: { inner: 'secret' } })).toEqual({ [key]: HIDDEN });
  });

  test('the values of a Secret, by its kind and wherever it is', () => {
    const secret = { kind: 'Secret', type: 'Opaque', data: { a: 'aQ==', kernelArgs: 'aQ==' } };
    const shown = { kind: 'Secret', type: 'Opaque', data: { a: '', kernelArgs: '' } };
    for (const wrap of [
      (object: object) => object,
      (object: object) => ({ kind: 'SecretList', items: [object] }),
      (object: object) => ({ type: 'ADDED', object }),
      (object: object) => ({ kind: 'Table', rows: [{ cells: ['a'], object }] }),
    ])
      expect(redacted(wrap(secret))).toEqual(wrap(shown));
    const map = { kind: 'ConfigMap', data: { a: 'x' } };
    expect(redacted(map)).toEqual(map);
  });

  test('and nothing else', () => {
    const value = { name: 'kernelArgs', list: ['userData', 1, null, true], empty: {}, text: '' };
    expect(redacted(value)).toEqual(value);
    expect(redacted({ consoleTail: '' })).toEqual({ consoleTail: '' });
  });
});

test('an object and a watch of it', async () => {
  const object = { spec: { kernelArgs: 'password=x' } };
  const hidden = { spec: { kernelArgs: HIDDEN } };
  expect(
    await answer({ method: 'GET', path: '/x', readonly: true, handle: () => json(object) }),
  ).toEqual(json(hidden));
  const line = `${JSON.stringify({ type: 'ADDED', object })}\n`;
  const stream = await answer({
    method: 'GET',
    path: '/x',
    readonly: true,
    handle: () => ({
      kind: 'stream',
      contentType: 'application/json',
      // Wherever the pieces begin.
      chunks: () => chunksOf('', line + line.slice(0, 20), line.slice(20)),
    }),
  });
  const shown = `${JSON.stringify({ type: 'ADDED', object: hidden })}\n`;
  expect(await textOf(stream)).toBe(shown + shown);
});

test.for([
  [{ method: 'GET', path: '/x' }, 'does not show this'],
  [{ method: 'PUT', path: '/x' }, 'takes no PUT'],
  [{ method: 'DELETE', path: '/x', readonly: true }, 'takes no DELETE'],
] as const)('%j is refused before anything is done', async ([row, words]) => {
  let called = false;
  const handle = (): Reply => {
    called = true;
    return json({});
  };
  const error = await answer({ ...row, handle }).catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error(String(error));
  expect(error.fault).toEqual({
    code: 403,
    message: `the read-only socket ${words}; use /run/s`,
  });
  expect(called).toBe(false);
});

/** Whoever adds a route decides here whether those who may only look get it. */
test('what reads and is not shown: what a guest said, what reaches into it, and files as they are written', () => {
  const kept = allRoutes()
    .filter(({ method, readonly, refusal }) => method === 'GET' && !readonly && !refusal)
    .map(({ path }) => path.replace(/^.*:namespace\/virtualmachine(?:instance)?s\/:name\//, ''));
  expect([...new Set(kept)].toSorted((a, b) => a.localeCompare(b))).toEqual([
    'console',
    'filesystemlist',
    'guestosinfo',
    'logs',
    'manifest',
    'portforward/:port',
    'portforward/:port/:protocol',
    'userlist',
    'vnc',
    'vnc/screenshot',
  ]);
});

test('nothing but GET is shown', () => {
  for (const { method, path, readonly } of allRoutes())
    if (readonly) expect(method, path).toBe('GET');
});
