/** The API takes anything on its socket: it answers or hangs up, and goes on serving. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const DEADLINE_MS = 30_000;

const segment = fc.oneof(
  fc.constantFrom(
    ...['apis', 'api', 'v1', 'v1alpha3', 'kubevirt.io', 'subresources.kubevirt.io', 'solovirt.io'],
    ...['namespaces', 'default', 'virtualmachines', 'virtualmachineinstances', 'events', 'info'],
    ...['a', 'start', 'stop', 'restart', 'runs', 'log', '..', '%2e%2e', '%00', '%ff', '__proto__'],
  ),
  fc.string({ maxLength: 10 }).map((text) => encodeURIComponent(text.replaceAll(/\p{Cs}/gu, ''))),
);
const known = fc.constantFrom(
  VMS,
  `${VMS}/a`,
  `${VMS}/a/runs`,
  `${VMS}/a/log`,
  '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/a/start',
  '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/a/stop',
  '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/a/pause',
);
const path = fc.oneof(
  known,
  fc.array(segment, { maxLength: 9 }).map((parts) => `/${parts.join('/')}`),
);
const query = fc.array(
  fc.tuple(
    fc.constantFrom(
      'watch',
      'limit',
      'resourceVersion',
      'fieldSelector',
      'tail',
      'run',
      'x',
      '__proto__',
    ),
    fc.constantFrom(
      '0',
      '-1',
      '1e99',
      'true',
      '',
      '%00',
      'metadata.name%3D',
      '99999999999999999999',
    ),
  ),
  { maxLength: 3 },
);
const body = fc.oneof(
  fc.json(),
  fc.json().map((text) => text.slice(0, -1)),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '{}', '{"gracePeriod": -1}', '{"gracePeriod": 1e308}', '{"dryRun": ["All"]}'),
);

/** The status of the answer. A watch is left when it begins. */
async function ask(
  world: World,
  call: { readonly method: string; readonly path: string; readonly body: string },
): Promise<number> {
  const { method, path: target } = call;
  const outgoing = request({
    socketPath: world.socket,
    method,
    path: target,
    timeout: DEADLINE_MS,
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${target}`)));
  // An answer may come before the body was read.
  const answered = once(outgoing, 'response');
  outgoing.end(method === 'GET' || method === 'HEAD' ? undefined : call.body);
  const [response] = await answered;
  response.destroy();
  return response.statusCode;
}

async function alive(world: World): Promise<void> {
  expect(await ask(world, { method: 'GET', path: VMS, body: '' })).toBe(200);
}

test('requests of any kind get an answer that is no fault of the daemon', async () => {
  await using world = await World.start();
  world.write('a', tinyVm('a', { strategy: 'Halted' }));
  await world.until('a', 'is known', (vm) => vm !== undefined);
  const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS');
  await fc.assert(
    fc.asyncProperty(method, path, query, body, async (verb, target, pairs, text) => {
      const search = pairs.map((pair) => pair.join('=')).join('&');
      const call = {
        method: verb,
        path: search === '' ? target : `${target}?${search}`,
        body: text,
      };
      expect(await ask(world, call)).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
  await alive(world);
});

/** Requests that an HTTP server has to refuse, or to leave alone. */
const BAD_REQUESTS: Readonly<Record<string, string>> = {
  'two lengths': 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'an endless chunk':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
  'no address': 'GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'an empty host': 'GET // HTTP/1.1\r\nHost: a\r\n\r\n',
  'too many headers': `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(5000)}\r\n`,
  'a long path': `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  'a tunnel': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'an upgrade': 'GET / HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\nHost: a\r\n\r\n',
};

/** Resolves when the daemon has hung up. */
function say(world: World, bytes: Uint8Array | string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A reset is an answer too.
  const socket = connect(world.socket).on('error', () => {});
  socket.setTimeout(DEADLINE_MS, () => reject(new Error('the connection stays open')));
  socket.once('close', () => resolve());
  socket.resume().end(bytes);
  return promise.finally(() => socket.destroy());
}

test('bytes that are no HTTP end the connection, and no other', async () => {
  await using world = await World.start();
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 500 }),
    fc.constantFrom(...Object.keys(BAD_REQUESTS)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (chunk) => {
      await say(world, typeof chunk === 'string' ? (BAD_REQUESTS[chunk] ?? '') : chunk);
    }),
    { numRuns: 100 },
  );
  await alive(world);
});
