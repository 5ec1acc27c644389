/**
 * Checks of probes against servers and agents of our own making: slow, wrong, hostile. In QEMU's place a forward leads to them;
 * that QEMU makes such forwards is tested with real guests.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { ProbeCheck } from '../../src/core/model/probe.ts';
import { selfSigned } from '../../src/proxy/certificate.ts';
import type { GuestAgent } from '../../src/qemu/agent.ts';
import { AgentAbsentError, AgentCommandError } from '../../src/qemu/agent-error.ts';
import { GuestExec } from '../../src/qemu/guest-exec.ts';
import { check } from '../../src/qemu/probe-check.ts';
import type { Execute } from '../../src/qemu/screenshot.ts';
import { NOW, probeSpec } from '../support/build.ts';

const NIC = { name: 'default', model: 'virtio', forwards: [] } as const;

/** Does to a port of this host what QEMU's monitor does to one of a guest. */
class Forwards implements AsyncDisposable {
  readonly #servers = new Map<string, Server>();
  readonly #rows: string[] = [];
  readonly #sockets = new Set<Socket>();

  readonly execute: Execute = async (_command, args) => {
    const line = String(args?.['command-line']);
    const [, address = '', port = ''] = /tcp:([\d.]+):0-10\.0\.2\.2:(\d+)/.exec(line) ?? [];
    if (line.startsWith('hostfwd_add')) await this.#add(address, Number(port));
    if (line.startsWith('hostfwd_remove')) this.#remove(line);
    return line === 'info usernet' ? this.#table() : '';
  };

  get left(): number {
    return this.#servers.size;
  }

  async #add(address: string, port: number): Promise<void> {
    const server = createServer((client) => {
      const guest = connect(port, '127.0.0.1');
      for (const socket of [client, guest]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
      }
      client.pipe(guest).pipe(client);
      this.#rows.push(`  TCP[ESTABLISHED] 7 ${address} 1 10.0.2.2 ${port} 0 0`);
    }).listen(0, address);
    await once(server, 'listening');
    this.#servers.set(address, server);
  }

  #remove(line: string): void {
    const [, address = ''] = /tcp:([\d.]+):/.exec(line) ?? [];
    this.#servers.get(address)?.close();
    this.#servers.delete(address);
  }

  #table(): string {
    const listening = [...this.#servers].map(([address, server]) => {
      const { port } = server.address() as AddressInfo;
      return `  TCP[HOST_FORWARD] 5 ${address} ${port} 10.0.2.2 1 0 0`;
    });
    return [...listening, ...this.#rows].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers.values()) server.close();
  }
}

type Listening = { readonly port: number } & AsyncDisposable;

async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => {
      socket.on('error', () => {});
      sockets.add(socket);
    });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

type Answers = Readonly<Record<string, () => unknown>>;

/** An agent that answers as told; the commands that came are kept. */
function agentThat(answers: Answers): { readonly agent: GuestAgent; readonly seen: string[] } {
  const seen: string[] = [];
  const execute = async (command: string): Promise<unknown> => {
    seen.push(command);
    const answer = answers[command];
    if (answer === undefined) throw new AgentAbsentError('no agent runs in the guest');
    return answer();
  };
  return { agent: { execute } as unknown as GuestAgent, seen };
}

async function outcome(what: ProbeCheck, answers: Answers = {}, timeoutSeconds = 20) {
  await using forwards = new Forwards();
  const { agent } = agentThat(answers);
  const exec = new GuestExec(agent);
  const target = { agent, exec, interfaces: [NIC], execute: forwards.execute };
  const result = await check(probeSpec({ check: what, timeoutSeconds }), target);
  expect(forwards.left).toBe(0);
  return result.result === 'success' ? 'success' : result.why;
}

const httpGet = (port: number, change: object = {}) =>
  ({ kind: 'httpGet', port, path: '/', https: false, headers: [], ...change }) as const;

const statusOf =
  (status: number): RequestListener =>
  (_, response) => {
    response.writeHead(status).end('body');
  };

test.for([
  [200, 'success'],
  [204, 'success'],
  [302, 'success'],
  [399, 'success'],
  [400, 'HTTP status 400'],
  [404, 'HTTP status 404'],
  [503, 'HTTP status 503'],
] as const)('an HTTP status %i: %s', async ([status, expected]) => {
  await using server = await listen(createHttpServer(statusOf(status)));
  expect(await outcome(httpGet(server.port))).toBe(expected);
});

test('the request is the one that the manifest asks for', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const http = createHttpServer(({ url = '', rawHeaders }, response) => {
    resolve([url, ...rawHeaders]);
    response.end();
  });
  await using server = await listen(http);
  const headers = [
    ['host', 'web.example'],
    ['X-Two', '1'],
    ['X-Two', '2'],
  ];
  await outcome(httpGet(server.port, { path: '/healthz?full=1', headers }));
  expect(await promise).toEqual([
    '/healthz?full=1',
    'User-Agent',
    'solovirt-probe',
    'Accept',
    '*/*',
    'Connection',
    'close',
    ...headers.flat(),
  ]);
});

test('any certificate will do', async () => {
  const https = createHttpsServer(selfSigned(['elsewhere'], NOW - 3.2e11), statusOf(200));
  await using server = await listen(https);
  expect(await outcome(httpGet(server.port, { https: true }))).toBe('success');
});

test('HTTPS where there is none fails', async () => {
  await using server = await listen(createHttpServer(statusOf(200)));
  expect(await outcome(httpGet(server.port, { https: true }))).not.toBe('success');
});

test.for<[string, (socket: Socket) => void, object]>([
  ['says nothing', () => {}, {}],
  ['says nothing to a TLS client', () => {}, { https: true }],
  ['sends headers without end', (socket) => void socket.write('HTTP/1.1 200 OK\r\nA: b\r\n'), {}],
])('a server that %s fails when its time is over', async ([, behave, change]) => {
  await using server = await listen(createServer(behave));
  expect(await outcome(httpGet(server.port, change), {}, 1)).toBe('no answer within 1 s');
});

test.for<[string, (socket: Socket) => void]>([
  ['hangs up', (socket) => void socket.end()],
  ['speaks another language', (socket) => void socket.end('\x1b[2J220 mail ready\r\n')],
  [
    'sends an endless header',
    (socket) => void socket.end(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(1e6)}`),
  ],
])('a server that %s fails at once, in clean words', async ([, behave]) => {
  await using server = await listen(createServer(behave));
  const why = await outcome(httpGet(server.port));
  expect(why).not.toBe('success');
  expect(why).not.toContain('no answer within');
  expect(why).toMatch(/^[\x20-\x7e…]{1,200}$/);
});

test('a port that accepts is enough for tcpSocket', async () => {
  await using server = await listen(createServer());
  expect(await outcome({ kind: 'tcpSocket', port: server.port })).toBe('success');
});

const run = { kind: 'exec', command: ['/bin/true', 'x'] } as const;

test.for<[string, Answers, string]>([
  ['exits with 0', { 'guest-exec-status': () => ({ exited: true, exitcode: 0 }) }, 'success'],
  ['exits with 3', { 'guest-exec-status': () => ({ exited: true, exitcode: 3 }) }, 'exit code 3'],
  ['is killed', { 'guest-exec-status': () => ({ exited: true, signal: 9 }) }, 'ended by signal 9'],
  ['is told of in riddles', { 'guest-exec-status': () => ({ exited: true }) }, 'exit code unknown'],
  ['takes too long', { 'guest-exec-status': () => ({ exited: false }) }, 'no answer within 1 s'],
  [
    'is not there',
    {
      'guest-exec': () => {
        throw new AgentCommandError('guest-exec', 'No such file');
      },
    },
    'the guest agent refused guest-exec: No such file',
  ],
])('a program that %s', async ([, answers, expected]) => {
  expect(await outcome(run, { 'guest-exec': () => ({ pid: 7 }), ...answers }, 1)).toBe(expected);
});

test('without an agent, exec and ping fail', async () => {
  expect(await outcome(run)).toBe('no agent runs in the guest');
  expect(await outcome({ kind: 'guestAgentPing' })).toBe('no agent runs in the guest');
  expect(await outcome({ kind: 'guestAgentPing' }, { 'guest-ping': () => ({}) })).toBe('success');
});

test('a program that hangs is not started a second time before it has ended', async () => {
  let exited = false;
  const { agent, seen } = agentThat({
    'guest-exec': () => ({ pid: 7 }),
    'guest-exec-status': () => (exited ? { exited, exitcode: 0 } : { exited }),
  });
  const exec = new GuestExec(agent);
  const target = { agent, exec, interfaces: [], execute: async () => '' };
  const probe = probeSpec({ check: run, timeoutSeconds: 1 });
  expect(await check(probe, target)).toMatchObject({ why: 'no answer within 1 s' });
  expect(await check(probe, target)).toMatchObject({
    why: 'the program of an earlier check still runs',
  });
  exited = true;
  expect(await check(probe, target)).toMatchObject({ result: 'success' });
  expect(seen.filter((command) => command === 'guest-exec')).toHaveLength(2);
});
