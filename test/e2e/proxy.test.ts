/** `solovirt proxy`: the real kubectl over a kubeconfig of its making, and those who are not let through. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  request as plainRequest,
  type Server,
} from 'node:http';
import { request as secureRequest } from 'node:https';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Lines } from '../support/service-manager.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { MAIN, runMain } from './run-main.ts';
import { Session } from './web-socket.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';

interface Reply {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The program as a child, until the test is over. */
class Served implements AsyncDisposable {
  readonly url: string;
  readonly token: string | undefined;
  readonly warnings: () => string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;

  private constructor(
    child: ChildProcess,
    told: { readonly url: string; readonly token: string | undefined },
    warnings: () => string,
  ) {
    this.#child = child;
    this.url = told.url;
    this.token = told.token;
    this.warnings = warnings;
    this.#closed = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  static async start(socket: string, ...args: readonly string[]): Promise<Served> {
    const child = spawn(
      process.execPath,
      [MAIN, 'proxy', '--socket', socket, '--port', '0', ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const lines = new Lines(child);
    const told = await lines.until('it says what to do', ([serving, how]) => {
      const url = /^Serving \S+ at (\S+) until Ctrl-C\.$/.exec(serving ?? '')?.[1];
      if (url === undefined || how === undefined) return undefined;
      return { url, token: /Bearer (\S+)'/.exec(how)?.[1] };
    });
    return new Served(child, told, () => errors);
  }

  ask(
    path: string,
    headers: Readonly<Record<string, string>> = this.bearer(),
    method = 'GET',
    body?: string,
  ): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const url = new URL(this.url);
    const request = url.protocol === 'https:' ? secureRequest : plainRequest;
    const outgoing = request({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path,
      method,
      headers,
      agent: false,
      rejectUnauthorized: false,
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ code: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise;
  }

  bearer(): Readonly<Record<string, string>> {
    return this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
  }

  /** Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

let world: World;
beforeAll(async () => {
  world = await World.start();
  world.write('web', tinyVm('web', { strategy: 'Always' }));
  await world.untilStatus('web', 'Running');
  await world.untilConsole('web', 'UP');
});
afterAll(() => world[Symbol.asyncDispose]());

describe('kubectl', () => {
  let proxy: Served;
  let kubeconfig: string;
  beforeAll(async () => {
    kubeconfig = join(world.dir, 'kubeconfig');
    proxy = await Served.start(world.socket, '--kubeconfig', kubeconfig);
  });
  afterAll(() => proxy[Symbol.asyncDispose]());

  const kubectl = (...args: readonly string[]) =>
    execa('kubectl', ['--cache-dir', join(world.dir, 'cache'), ...args], {
      env: { KUBECONFIG: kubeconfig, HOME: world.dir },
      reject: false,
      timeout: 60_000,
    });

  test('lists over the kubeconfig, which is for its user alone', async () => {
    expect((statSync(kubeconfig).mode & 0o777).toString(8)).toBe('600');
    const listed = await kubectl('get', 'vm', '-o', 'name');
    expect([listed.stdout, listed.stderr]).toEqual(['virtualmachine.kubevirt.io/web', '']);
  });

  test('watches', async () => {
    const watching = spawn('kubectl', ['get', 'vm', '-w', '-o', 'name'], {
      // biome-ignore lint/style/noProcessEnv: a child needs PATH
      env: { PATH: process.env['PATH'], KUBECONFIG: kubeconfig, HOME: world.dir },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = new Lines(watching);
    await lines.until('it sees what is there', (all) => all.find((line) => line.endsWith('/web')));
    world.write('late', tinyVm('late', { strategy: 'Halted' }));
    await lines.until('it sees what comes', (all) => all.find((line) => line.endsWith('/late')));
    const closed = once(watching, 'close');
    watching.kill('SIGTERM');
    await closed;
  });

  test('commands', async () => {
    const before = (await world.vm('web')).status.instance?.uid;
    const sub = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/web/restart';
    const { exitCode, stderr } = await execa('kubectl', ['replace', '--raw', sub, '-f', '-'], {
      env: { KUBECONFIG: kubeconfig, HOME: world.dir },
      input: '{"gracePeriodSeconds":0}',
      reject: false,
    });
    expect([exitCode, stderr]).toEqual([0, '']);
    await world.until(
      'web',
      'is another instance',
      (vm) => vm?.status.instance?.uid !== before && vm?.status.printableStatus === 'Running',
    );
  });

  test('is told in its own words that its token is wrong', async () => {
    const { exitCode, stderr } = await kubectl('--token', 'wrong', 'get', '--raw', VMS);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/You must be logged in|token of this proxy is needed|Unauthorized/);
  });

  test('gets the answers of the daemon, also those without the body it sends', async () => {
    const { stderr } = await kubectl(
      'create',
      '--raw',
      '/apis/none.example/v1/things',
      '-f',
      kubeconfig,
    );
    expect(stderr).toMatch(/not found|could not find/i);
  });
});

test('an answer that comes before the request is all sent gets through', async () => {
  await using proxy = await Served.start(world.socket);
  for (let index = 0; index < 300; index += 1) {
    const refused = await proxy.ask('/apis/none.example/v1/x', proxy.bearer(), 'POST', '{}');
    expect([refused.code, refused.text]).toEqual([404, expect.stringContaining('could not find')]);
  }
});

describe('who is not let through', () => {
  let proxy: Served;
  beforeAll(async () => {
    proxy = await Served.start(world.socket);
  });
  afterAll(() => proxy[Symbol.asyncDispose]());

  test.for([
    ['without a token', {}, 401, 'Unauthorized'],
    ['with a wrong one', { authorization: 'Bearer wrong' }, 401, 'Unauthorized'],
    ['under a name of somebody else (DNS rebinding)', { host: 'evil.example' }, 403, 'Forbidden'],
    ['a page of another site', { origin: 'https://evil.example' }, 403, 'Forbidden'],
  ] as const)('%s', async ([, headers, code, reason]) => {
    const token = code === 401 ? {} : proxy.bearer();
    const reply = await proxy.ask(VMS, { ...token, ...headers });
    expect(reply.code).toBe(code);
    expect(JSON.parse(reply.text)).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason,
      code,
    });
  });

  test('who has the token is', async () => {
    expect((await proxy.ask(VMS)).code).toBe(200);
    const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(proxy.token ?? '').toString('base64url')}`;
    expect((await proxy.ask(VMS, { 'sec-websocket-protocol': protocol })).code).toBe(200);
  });

  test('by way of a connection that is upgraded', async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    expect((await proxy.ask(VMS, upgrade)).code).toBe(401);
  });
});

test('--no-token: plain HTTP for whoever reaches the port, with a warning', async () => {
  await using proxy = await Served.start(world.socket, '--no-token');
  expect(proxy.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await proxy.ask(VMS)).code).toBe(200);
  expect((await proxy.ask(VMS, { host: 'evil.example' })).code).toBe(403);
  expect(proxy.warnings()).toContain('without a token every user and every guest');
});

test('--read-only --path: the metrics and nothing else', async () => {
  await using proxy = await Served.start(
    world.socket,
    ...['--read-only', '--no-token', '--path', '/metrics', '--address', '::1'],
  );
  expect((await proxy.ask('/metrics')).text).toContain('solovirt_vms{status="Running"}');
  const refused = await proxy.ask(VMS);
  expect([refused.code, refused.text]).toEqual([
    403,
    expect.stringContaining('this proxy leads to /metrics only'),
  ]);
});

test('--read-only: no commands', async () => {
  await using proxy = await Served.start(world.socket, '--read-only');
  expect((await proxy.ask(VMS)).code).toBe(200);
  const stop = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/web/stop';
  const refused = await proxy.ask(stop, proxy.bearer(), 'PUT', '{}');
  expect([refused.code, refused.text]).toEqual([
    403,
    expect.stringContaining('the read-only socket takes no PUT'),
  ]);
});

test('--token-file keeps the token over restarts', async () => {
  const file = join(world.dir, 'token');
  const args = ['--token-file', file];
  await using first = await Served.start(world.socket, ...args);
  await using second = await Served.start(world.socket, ...args);
  expect(first.token).toBe(readFileSync(file, 'utf8').trim());
  expect(second.token).toBe(first.token);
});

test('without a daemon, on a port in use, and with what makes no sense it does not start', async () => {
  const none = await runMain(['proxy', '--socket', join(world.dir, 'none')]);
  expect([none.code, none.stderr]).toEqual([3, expect.stringContaining('there is no socket')]);
  await using proxy = await Served.start(world.socket);
  const { port } = new URL(proxy.url);
  const taken = await runMain(['proxy', '--socket', world.socket, '--port', port]);
  expect([taken.code, taken.stderr]).toEqual([
    1,
    expect.stringContaining('another program listens'),
  ]);
  const open = await runMain([
    'proxy',
    '--socket',
    world.socket,
    '--no-token',
    '--address',
    '0.0.0.0',
  ]);
  expect([open.code, open.stderr]).toEqual([2, expect.stringContaining('command all VMs')]);
});

test('a daemon that goes away while the proxy serves is told of, and its streams end', async () => {
  await using other = await World.start();
  await using proxy = await Served.start(other.socket);
  const watching = proxy.ask(`${VMS}?watch=1`).catch((error: Error) => error);
  await other.api('GET', VMS);
  await other.endDaemon('SIGKILL');
  const refused = await proxy.ask(VMS);
  expect([refused.code, refused.text]).toEqual([
    503,
    expect.stringContaining('the daemon does not answer'),
  ]);
  await watching;
  expect(await proxy.interrupt()).toBe(0);
});

test('the console of a guest by WebSocket, as virtctl and browsers ask for it', async () => {
  await using proxy = await Served.start(world.socket);
  const url = `${proxy.url.replace('https', 'wss')}/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/web/console`;
  const offered = Buffer.from(proxy.token ?? '').toString('base64url');
  const protocols = [`base64url.bearer.authorization.k8s.io.${offered}`, 'plain.kubevirt.io'];
  for (const [offer, headers] of [
    [['plain.kubevirt.io'], proxy.bearer()],
    [protocols, {}],
  ] as const) {
    const socket = new WebSocket(url, [...offer], { headers, rejectUnauthorized: false });
    using session = new Session(socket);
    await once(socket, 'open');
    expect(socket.protocol).toBe('plain.kubevirt.io');
    await session.said('UP');
  }
  const refused = new WebSocket(url, ['plain.kubevirt.io'], { rejectUnauthorized: false });
  const [error] = (await once(refused, 'error')) as [Error];
  expect(error.message).toContain('401');
});

/** What a WebSocket server does, as far as the proxy can tell. */
describe('an upgraded connection', () => {
  let daemon: Server;
  let socket: string;
  const seen: IncomingHttpHeaders[] = [];
  beforeAll(async () => {
    socket = join(dirname(world.socket), 'w');
    daemon = createServer((_, response) => response.end('{}'));
    daemon.on('upgrade', (incoming, stream) => {
      seen.push(incoming.headers);
      if (incoming.url === '/none') {
        stream.end('HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone');
        return;
      }
      const key = createHash('sha1')
        .update(`${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      stream.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${key}\r\nsec-websocket-protocol: plain.kubevirt.io\r\n\r\nfirst,`,
      );
      stream.pipe(stream);
    });
    await new Promise<void>((resolve) => daemon.listen(socket, resolve));
  });
  afterAll(() => new Promise((resolve) => daemon.close(resolve)));

  interface Upgraded {
    readonly code: number;
    readonly text: string;
  }

  function upgrade(proxy: Served, path: string, sent: string): Promise<Upgraded> {
    const { promise, resolve, reject } = Promise.withResolvers<Upgraded>();
    const { hostname: host, port } = new URL(proxy.url);
    const offered = Buffer.from(proxy.token ?? '').toString('base64url');
    const outgoing = secureRequest({
      host,
      port,
      path,
      rejectUnauthorized: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        'sec-websocket-protocol': `base64url.bearer.authorization.k8s.io.${offered}, plain.kubevirt.io`,
      },
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
    });
    outgoing.on('upgrade', (response, stream, head: Buffer) => {
      let text = head.toString();
      stream.on('data', (chunk: Buffer) => {
        text += chunk;
        if (text.endsWith(sent)) {
          stream.destroy();
          resolve({ code: response.statusCode ?? 0, text });
        }
      });
      stream.write(sent);
    });
    outgoing.on('error', reject);
    outgoing.end();
    return promise;
  }

  test('passes both ways, byte by byte, and the token stays with the proxy', async () => {
    await using proxy = await Served.start(socket);
    const bytes = 'x'.repeat(200_000);
    expect(await upgrade(proxy, '/console', bytes)).toEqual({ code: 101, text: `first,${bytes}` });
    expect(seen.at(-1)).toMatchObject({ 'sec-websocket-protocol': 'plain.kubevirt.io' });
    expect(JSON.stringify(seen.at(-1))).not.toContain('bearer');
  });

  test('that the daemon refuses gets its answer', async () => {
    await using proxy = await Served.start(socket);
    expect(await upgrade(proxy, '/none', 'x')).toEqual({ code: 404, text: 'none' });
  });
});
