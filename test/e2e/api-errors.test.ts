/** Requests that are wrong, and clients that misbehave: each gets its `Status`, and nobody else notices. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../src/api/contract.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { sendRaw, WatchStream } from './watch-stream.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default';
const DOWN = `${SUB}/virtualmachines/down`;

let world: World;
beforeAll(async () => {
  world = await World.start();
  world.write('down', tinyVm('down', { strategy: 'Manual' }));
  await world.untilStatus('down', 'Stopped');
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

interface Case {
  readonly what: string;
  readonly request: readonly [method: string, path: string, body?: unknown];
  readonly code: number;
  readonly reason: string;
  readonly words: string;
}

describe('a request is answered with what is wrong with it', () => {
  test.for<Case>([
    {
      what: 'unknown VM',
      request: ['GET', `${VMS}/nobody`],
      code: 404,
      reason: 'NotFound',
      words: 'virtualmachines.kubevirt.io "nobody" not found',
    },
    {
      what: 'command to an unknown VM',
      request: ['PUT', `${SUB}/virtualmachines/nobody/start`],
      code: 404,
      reason: 'NotFound',
      words: '"nobody" not found',
    },
    {
      what: 'runs of an unknown VM',
      request: ['GET', `${VMS}/nobody/runs`],
      code: 404,
      reason: 'NotFound',
      words: '"nobody" not found',
    },
    {
      what: 'logs of a VM that never ran',
      request: ['GET', `${DOWN}/logs`],
      code: 404,
      reason: 'NotFound',
      words: 'has not run yet',
    },
    {
      what: 'unknown path',
      request: ['GET', '/apis/kubevirt.io/v1/virtualmachine'],
      code: 404,
      reason: 'NotFound',
      words: '/apis/kubevirt.io/v1/virtualmachine',
    },
    {
      what: 'group that nobody serves',
      request: ['GET', '/apis/apps/v1'],
      code: 404,
      reason: 'NotFound',
      words: 'could not find the requested resource: API group apps/v1',
    },
    {
      what: 'path that cannot be decoded',
      request: ['GET', `${VMS}/%zz`],
      code: 404,
      reason: 'NotFound',
      words: '%zz',
    },
    {
      what: 'path that looks like a host',
      request: ['GET', '//'],
      code: 404,
      reason: 'NotFound',
      words: 'could not find',
    },
    {
      what: 'a collection that is to be replaced',
      request: ['PUT', VMS, {}],
      code: 405,
      reason: 'MethodNotAllowed',
      words: 'supported: GET',
    },
    {
      what: 'a VM that is posted to its own path',
      request: ['POST', `${VMS}/down`],
      code: 405,
      reason: 'MethodNotAllowed',
      words: 'supported: GET',
    },
    {
      what: 'a command that is only asked for',
      request: ['GET', `${DOWN}/start`],
      code: 405,
      reason: 'MethodNotAllowed',
      words: 'supported: PUT',
    },
    {
      what: 'body that is no JSON',
      request: ['PUT', `${DOWN}/start`, '{"paused":'],
      code: 400,
      reason: 'BadRequest',
      words: 'not JSON',
    },
    {
      what: 'body that is no object',
      request: ['PUT', `${DOWN}/start`, '[]'],
      code: 400,
      reason: 'BadRequest',
      words: 'must be a JSON object',
    },
    {
      what: 'unknown field',
      request: ['PUT', `${DOWN}/stop`, { gracePeriodSeconds: 1 }],
      code: 400,
      reason: 'BadRequest',
      words: 'unknown field "gracePeriodSeconds"; known here: gracePeriod, dryRun',
    },
    {
      what: 'wrong value',
      request: ['PUT', `${DOWN}/stop`, { gracePeriod: -1 }],
      code: 400,
      reason: 'BadRequest',
      words: 'whole number of seconds',
    },
    {
      what: 'body over the limit',
      request: ['PUT', `${DOWN}/start`, `{"x":"${'x'.repeat(MAX_BODY_BYTES)}"}`],
      code: 413,
      reason: 'RequestEntityTooLarge',
      words: `larger than ${MAX_BODY_BYTES} bytes`,
    },
    {
      what: 'unknown field selector',
      request: ['GET', `${VMS}?watch=1&fieldSelector=spec.running%3Dtrue`],
      code: 400,
      reason: 'BadRequest',
      words: 'supported: metadata.name, metadata.namespace',
    },
    {
      what: 'label selector that is not understood',
      request: ['GET', `${VMS}?labelSelector=a%20within%20(b)`],
      code: 400,
      reason: 'BadRequest',
      words: 'not understood',
    },
    {
      what: 'version that nobody gave out',
      request: ['GET', `${VMS}?watch=1&resourceVersion=abc`],
      code: 400,
      reason: 'BadRequest',
      words: 'resourceVersion "abc"',
    },
    {
      what: 'time that is none',
      request: ['GET', `${VMS}?watch=1&timeoutSeconds=soon`],
      code: 400,
      reason: 'BadRequest',
      words: 'timeoutSeconds "soon"',
    },
    {
      what: 'log stream that is none',
      request: ['GET', `${DOWN}/logs?stream=video`],
      code: 404,
      reason: 'NotFound',
      words: 'has not run yet',
    },
    {
      what: 'pause of a VM that is down',
      request: ['PUT', `${SUB}/virtualmachineinstances/down/pause`],
      code: 409,
      reason: 'Conflict',
      words: 'VM is not running',
    },
    {
      what: 'stop of a VM that is down',
      request: ['PUT', `${DOWN}/stop`],
      code: 409,
      reason: 'Conflict',
      words: 'VM is not running',
    },
  ])('$what: $code', async ({ request: [method, path, body], code, reason, words }) => {
    const answer = await world.api(method, path, body);
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code, reason });
    expect(answer.code).toBe(code);
    expect(answer.body.message).toContain(words);
    expect((await world.vm('down')).status.printableStatus).toBe('Stopped');
  });
});

const isServing = async () => expect((await world.api('GET', '/healthz')).code).toBe(200);

describe('a client that misbehaves disturbs nobody', () => {
  test.for<readonly [string, string | Uint8Array, RegExp]>([
    ['garbage', Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) % 256), /^HTTP\/1.1 400/],
    ['half a request line', 'GET /heal\n\n', /^HTTP\/1.1 400/],
    ['an absurd header', `GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1.1 431/],
    [
      'a header most of which is on its way when it is refused',
      `GET / HTTP/1.1\r\nx: ${'y'.repeat(4_000_000)}\r\n\r\n`,
      /^HTTP\/1.1 431/,
    ],
    [
      'garbage behind a good request',
      'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n\u0000\u0001\u0002\r\n\r\n',
      /HTTP\/1.1 400/,
    ],
    [
      'two requests at once',
      'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      /^HTTP\/1.1 200 OK[\s\S]*HTTP\/1.1 404/,
    ],
    [
      'a target that is no URL',
      'GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      /^HTTP\/1.1 400/,
    ],
  ])('%s', async ([, bytes, answer]) => {
    expect(await sendRaw(world.socket, bytes)).toMatch(answer);
    await isServing();
  });

  test('hanging up in the middle of a request, an answer or a watch', async () => {
    const starts = [
      `PUT ${DOWN}/start HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"pau`,
      `GET ${VMS} HTTP/1.1\r\nhost: x\r\n\r\n`,
      `GET ${VMS}?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n`,
    ];
    for (const start of starts) {
      const socket = connect(world.socket);
      socket.on('error', () => {});
      await new Promise((sent) => socket.write(start, sent));
      socket.destroy();
    }
    await isServing();
    expect((await world.vm('down')).status.printableStatus).toBe('Stopped');
  });

  test('a watcher that does not read does not hold up others, and fifty are no crowd', async () => {
    const lazy = connect(world.socket);
    lazy.write(`GET ${VMS}?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n`);
    lazy.pause();
    const path = `${VMS}?watch=1&fieldSelector=metadata.name%3Dseen`;
    const watchers = Array.from({ length: 50 }, () => new WatchStream(world.socket, path));
    world.write('seen', tinyVm('seen', { strategy: 'Manual' }));
    await world.untilStatus('seen', 'Stopped');
    expect((await world.command('seen', 'start')).code).toBe(202);
    await Promise.all(
      watchers.map((watcher) =>
        watcher.until('it runs', (e) => e.object.status.printableStatus === 'Running'),
      ),
    );
    for (const watcher of watchers) watcher[Symbol.dispose]();
    lazy.destroy();
    await isServing();
  });
});
