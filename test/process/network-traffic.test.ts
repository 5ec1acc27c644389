/** Who reaches whom in managed networks: their rules, with namespaces in the place of guests and of the world outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeptNetwork } from '../support/kept-network.ts';
import { NetNamespace, whyNoNetwork } from '../support/net-namespace.ts';

const why = whyNoNetwork();

/** Tells each who connects where that one seems to come from. */
const SERVER = (port: number): string =>
  `require('net').createServer((s) => s.end(s.remoteAddress)).listen(${port}, '0.0.0.0', () => console.log('up'))`;
/** A packet that is dropped is not answered, so not being reached takes a moment. */
const CLIENT = (address: string, port: number): string => `
  const s = require('net').connect(${port}, '${address}');
  setTimeout(() => s.destroy(new Error('not reached')), 1000);
  s.on('error', () => { console.log('not reached'); process.exit(); });
  s.on('data', (d) => { console.log(String(d)); process.exit(); })`;

describe.skipIf(why !== undefined)(`in managed networks${why ? ` (${why})` : ''}`, () => {
  const root = mkdtempSync(join(tmpdir(), 'solovirt-network-'));
  const spaces: NetNamespace[] = [];
  const servers: ChildProcess[] = [];
  const lans: KeptNetwork[] = [];
  let host: NetNamespace;
  let outside: NetNamespace;
  let web: NetNamespace;
  let db: NetNamespace;
  let other: NetNamespace;
  let shut: NetNamespace;

  const space = async (): Promise<NetNamespace> => {
    const made = await NetNamespace.make();
    spaces.push(made);
    return made;
  };
  const lan = async (n: number, nat: 'yes' | 'no', forwards = ''): Promise<void> => {
    const made = new KeptNetwork(
      host,
      root,
      `token a-1
network default/lan${n}
bridge lan${n}
subnet 10.4${n}.0.0/24
gateway 10.4${n}.0.1
nat ${nat}
domain lan
host 02:00:00:00:0${n}:02 10.4${n}.0.2 web
${forwards}end
`,
    );
    lans.push(made);
    expect(await made.up()).toBe('ready');
  };
  /** A namespace that is plugged into a bridge, as a guest is. */
  const guest = async (n: number, address: string): Promise<NetNamespace> => {
    const made = await space();
    const port = `p${spaces.length}`;
    const peer = ['peer', 'name', 'eth0', 'netns', String(made.pid)];
    await host.get('ip', 'link', 'add', port, 'type', 'veth', ...peer);
    await host.get('ip', 'link', 'set', port, 'master', `lan${n}`, 'up');
    await made.get('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
    await made.get('ip', 'link', 'set', 'eth0', 'up');
    await made.get('ip', 'route', 'add', 'default', 'via', `10.4${n}.0.1`);
    return made;
  };
  const serve = (at: NetNamespace, port: number): Promise<void> => {
    const [program, ...args] = at.inside(process.execPath, '-e', SERVER(port));
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    servers.push(server);
    return new Promise((up) => server.stdout.once('data', () => up()));
  };
  const reach = (from: NetNamespace, address: string, port = 80): Promise<string> =>
    from.get(process.execPath, '-e', CLIENT(address, port));

  beforeAll(async () => {
    [host, outside] = await Promise.all([space(), space()]);
    await host.connect(outside, '192.0.2.1/24', '192.0.2.2/24');
    await lan(
      4,
      'yes',
      'forward tcp 0.0.0.0 8080 10.44.0.2 80\nforward tcp 127.0.0.1 8081 10.44.0.2 80\n',
    );
    await lan(5, 'yes');
    await lan(6, 'no', 'forward tcp 0.0.0.0 8086 10.46.0.2 80\n');
    web = await guest(4, '10.44.0.2');
    db = await guest(4, '10.44.0.3');
    other = await guest(5, '10.45.0.2');
    shut = await guest(6, '10.46.0.2');
    await Promise.all([host, outside, web, db, other, shut].map((at) => serve(at, 80)));
  });
  afterAll(async () => {
    for (const server of servers) server.kill('SIGKILL');
    await Promise.all(lans.map((one) => one.end()));
    await Promise.all(spaces.map((one) => one[Symbol.asyncDispose]()));
    rmSync(root, { recursive: true, force: true });
  });

  test('guests reach each other, the host, and the world under the address of the host', async () => {
    expect(await reach(web, '10.44.0.3')).toBe('10.44.0.2');
    expect(await reach(web, '10.44.0.1')).toBe('10.44.0.2');
    expect(await reach(web, '192.0.2.2')).toBe('192.0.2.1');
    expect(await reach(host, '10.44.0.2')).toBe('10.44.0.1');
  });

  test('a forwarded port is reached from outside, from the host, from guests of this network and of others', async () => {
    expect(await reach(outside, '192.0.2.1', 8080)).toBe('192.0.2.2');
    for (const address of ['127.0.0.1', '192.0.2.1'])
      expect(await reach(host, address, 8080)).toMatch(/^10\.44\.0\.1$|^192\.0\.2\.1$/);
    expect(await reach(host, '127.0.0.1', 8081)).toBe('10.44.0.1');
    expect(await reach(db, '192.0.2.1', 8080)).toBe('10.44.0.1');
    expect(await reach(other, '192.0.2.1', 8080)).toBe('10.44.0.1');
    // Without a way out, a guest answers its gateway.
    expect(await reach(outside, '192.0.2.1', 8086)).toBe('10.46.0.1');
  });

  test('nothing else leads in, nor from one network into another', async () => {
    await outside.get('ip', 'route', 'add', '10.0.0.0/8', 'via', '192.0.2.1');
    const reached = await Promise.all([
      reach(outside, '10.44.0.2'),
      reach(outside, '10.44.0.1'),
      reach(outside, '192.0.2.1', 8081),
      reach(web, '10.45.0.2'),
      reach(web, '10.45.0.1'),
      reach(web, '10.46.0.2'),
      reach(other, '10.44.0.2'),
      reach(shut, '10.44.0.2'),
    ]);
    expect(reached).toEqual(reached.map(() => 'not reached'));
  });

  test('without NAT nothing leads out; the host is reached', async () => {
    expect(await reach(shut, '192.0.2.2')).toBe('not reached');
    expect(await reach(shut, '10.46.0.1')).toBe('10.46.0.2');
  });

  test('what the host has on its loopback alone is out of the reach of guests', async () => {
    const listening = host.inside(
      process.execPath,
      '-e',
      SERVER(9000).replace('0.0.0.0', '127.0.0.1'),
    );
    const [program, ...args] = listening;
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    servers.push(server);
    await new Promise((up) => server.stdout.once('data', up));
    expect(await reach(host, '127.0.0.1', 9000)).toBe('127.0.0.1');
    await web.get('ip', 'address', 'delete', '127.0.0.1/8', 'dev', 'lo');
    await web.get('ip', 'route', 'add', '127.0.0.1', 'via', '10.44.0.1', 'dev', 'eth0');
    await web.get('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet');
    expect(await reach(web, '127.0.0.1', 9000)).toBe('not reached');
  });

  test('a guest sends under no address but those of its network', async () => {
    await other.get('ip', 'address', 'add', '192.0.2.77/32', 'dev', 'lo');
    const spoofed = CLIENT('192.0.2.2', 80).replace(
      "connect(80, '192.0.2.2')",
      "connect({ port: 80, host: '192.0.2.2', localAddress: '192.0.2.77' })",
    );
    await outside.get('ip', 'route', 'add', '192.0.2.77', 'via', '192.0.2.1');
    expect(await other.get(process.execPath, '-e', spoofed)).toBe('not reached');
  });
});
