/** The keeper of a managed network: what it makes, takes over and leaves alone, and what it does not let itself be told. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeeperState } from '../../src/qemu/network-keepers.ts';
import { KEEPER, KeptNetwork, until } from '../support/kept-network.ts';
import { NetNamespace, whyNoNetwork } from '../support/net-namespace.ts';

const root = mkdtempSync(join(tmpdir(), 'solovirt-network-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const WHOLE = `token a-1
network default/lan
bridge lan0
mtu 1400
subnet 10.44.0.0/24
gateway 10.44.0.1
nat yes
domain lan.example
host 02:00:00:00:00:01 10.44.0.2 web
host 02:00:00:00:00:02 10.44.0.3 db.other
forward tcp 0.0.0.0 8080 10.44.0.2 80
forward udp 127.0.0.1 5353 10.44.0.3 53
end
`;

function show(description: string): { readonly code: number; readonly said: string } {
  const file = join(root, 'shown');
  writeFileSync(file, description);
  const shown = execaSync(KEEPER, ['--show', file, '/keeper'], { reject: false, all: true });
  return { code: shown.exitCode ?? -1, said: shown.all };
}

describe('what nft and dnsmasq are told', () => {
  test('is all that the description says', () => {
    const { code, said } = show(WHOLE);
    expect(code).toBe(0);
    for (const line of [
      'table inet solovirt-lan0 {',
      'iifname "lan0" ip saddr != 10.44.0.0/24 drop',
      'meta nfproto ipv4 fib daddr type local tcp dport 8080 dnat ip to 10.44.0.2:80',
      'ip daddr 127.0.0.1 udp dport 5353 dnat ip to 10.44.0.3:53',
      'ip saddr 10.44.0.0/24 oifname != "lan0" masquerade',
      'dhcp-range=10.44.0.0,static,255.255.255.0,1h',
      'dhcp-option=option:router,10.44.0.1',
      'dhcp-option=option:mtu,1400',
      '02:00:00:00:00:01,10.44.0.2,web',
      '10.44.0.3 db.other.lan.example db.other',
    ])
      expect(said).toContain(line);
  });

  test('without NAT nothing leads out, and no router is named', () => {
    const { said } = show(WHOLE.replace('nat yes', 'nat no'));
    expect(said).toMatch(/^ +iifname "lan0" drop$/m);
    expect(said).not.toMatch(/ip saddr 10\.44\.0\.0\/24 oifname != "lan0" masquerade/);
    expect(said).toMatch(/^dhcp-option=option:router$/m);
  });
});

/** Whoever writes descriptions has fewer rights than who reads them. */
test.for<readonly [string, RegExp | string, string, string]>([
  ['a second statement', 'bridge lan0', 'bridge lan0"; flush ruleset; #', 'malformed bridge'],
  ['a path', 'bridge lan0', 'bridge ../../x', 'malformed bridge'],
  ['all interfaces', 'bridge lan0', 'bridge all', 'no name for a bridge'],
  ['a long name', 'bridge lan0', 'bridge lan0123456789012', 'malformed bridge'],
  [
    'another setting of dnsmasq',
    ' web\n',
    ' web\ndhcp-script=/bin/sh\n',
    'no line of a description',
  ],
  ['a name of two lines', ' web\n', ' web\x0bx\n', 'no line of a description'],
  ['an unknown word', 'nat yes', 'nat yes\nscript x', 'unknown in a description: script'],
  ['a subnet of the internet', '10.44.0.0/24', '8.8.8.0/24', 'no private subnet'],
  ['all private addresses and more', '10.44.0.0/24', '10.0.0.0/7', 'a prefix of'],
  ['a subnet that does not begin there', '10.44.0.0/24', '10.44.0.8/24', 'not the first address'],
  ['a gateway outside', 'gateway 10.44.0.1', 'gateway 10.45.0.1', 'no address of a host in'],
  ['the broadcast address', '10.44.0.3 db', '10.44.0.255 db', 'no address of a host in'],
  ['the gateway as a guest', '10.44.0.3 db', '10.44.0.1 db', '10.44.0.1 is given twice'],
  ['an address twice', /10\.44\.0\.3/g, '10.44.0.2', '10.44.0.2 is given twice'],
  ['a NIC twice', '00:00:02 ', '00:00:01 ', '02:00:00:00:00:01 is given twice'],
  ['a forward to somewhere else', '8080 10.44.0.2', '8080 10.44.0.9', 'no host of the network'],
  ['a forward to the host', '8080 10.44.0.2', '8080 10.44.0.1', 'no host of the network'],
  ['port 65536', ' 8080 ', ' 65536 ', 'port 65536 or 80 is none'],
  ['a port twice', 'udp 127.0.0.1 5353', 'tcp 0.0.0.0 8080', 'is forwarded twice'],
  ['no address', '127.0.0.1', '127.0.0.256', '127.0.0.256 is no IPv4 address'],
  ['an octal address', '10.44.0.1\n', '10.44.0.01\n', '10.44.0.01 is no IPv4 address'],
  ['two domains', 'domain lan.example', 'domain a\ndomain b', 'domain stands twice'],
  ['no domain', 'domain lan.example\n', '', 'domain is missing'],
  ['a description that is cut off', 'end\n', '', 'cut off'],
  ['nothing', WHOLE, '', 'cut off'],
])('%s is refused', ([, from, to, words]) => {
  const { code, said } = show(WHOLE.replace(from, to));
  expect(said).toContain(words);
  expect(code).not.toBe(0);
});

const why = whyNoNetwork();
describe.skipIf(why !== undefined)(`the keeper${why === undefined ? '' : ` (${why})`}`, () => {
  let net: NetNamespace;
  beforeAll(async () => {
    net = await NetNamespace.make();
  });
  afterAll(async () => {
    await net[Symbol.asyncDispose]();
  });

  const network = (bridge: string, subnet: string): KeptNetwork => {
    const text = WHOLE.replaceAll('lan0', bridge).replaceAll('10.44.0.', subnet);
    return new KeptNetwork(net, root, text.replace(/forward.*\n/g, ''));
  };
  const links = (): Promise<string> => net.get('ip', '-brief', 'link');
  const tables = (): Promise<string> => net.get('nft', 'list', 'tables');
  const forward = (bridge: string, port: number) => (text: string) =>
    text.replace('end\n', `forward tcp 127.0.0.1 ${port} 10.60.${bridge}.2 80\nend\n`);

  test('leaves nothing when it is told to end', async () => {
    const lan = network('one', '10.61.0.');
    expect(await lan.up()).toBe('ready');
    expect(await links()).toContain('one ');
    expect(await net.get('ip', 'address', 'show', 'dev', 'one')).toContain('10.61.0.1/24');
    expect(await tables()).toContain('solovirt-one');
    await lan.end();
    expect(await links()).not.toContain('one ');
    expect(await tables()).not.toContain('solovirt-one');
    expect(readdirSync(lan.dir)).toEqual([]);
  });

  test('that is killed is followed by another, and the bridge with its ports stays', async () => {
    const lan = network('two', '10.62.0.');
    await lan.up();
    await net.get('ip', 'link', 'add', 'port2', 'type', 'veth', 'peer', 'name', 'port2b');
    await net.get('ip', 'link', 'set', 'port2', 'master', 'two');
    const [index] = (await net.get('ip', '-o', 'link', 'show', 'two')).split(':');
    const first = lan.dnsmasq;
    await lan.end('SIGKILL');
    expect(isAlive(first)).toBe(true);
    expect(await lan.up()).toBe('ready');
    expect(isAlive(first)).toBe(false);
    const second = lan.dnsmasq;
    expect(second).not.toBe(first);
    const [again] = (await net.get('ip', '-o', 'link', 'show', 'two')).split(':');
    expect(again).toBe(index);
    expect(await net.get('ip', '-o', 'link', 'show', 'port2')).toContain('master two');
    // What is plugged in stays plugged in, be the keeper told to end.
    await lan.end('SIGTERM');
    expect(await net.get('ip', '-o', 'link', 'show', 'port2')).toContain('master two');
    expect(await lan.up()).toBe('ready');
    await net.get('ip', 'link', 'delete', 'port2');
    await lan.end('SIGKILL');
    await lan.down();
    expect(await links()).not.toContain('two ');
    expect(isAlive(second)).toBe(false);
  });

  test('starts dnsmasq again when that ends, and says how it ended', async () => {
    const lan = network('three', '10.63.0.');
    await lan.up();
    process.kill(lan.dnsmasq, 'SIGKILL');
    await until('it is told', () => readKeeperState(lan.dir)?.ends === 1);
    expect(readKeeperState(lan.dir)?.lastEnd).toBe('killed by signal 9');
    await until('another runs', () => isAlive(lan.dnsmasq));
    await lan.end();
  });

  test('touches no interface that is not its network', async () => {
    await net.get('ip', 'link', 'add', 'theirs', 'type', 'bridge');
    const lan = network('theirs', '10.64.0.');
    expect(await lan.up()).toContain('interface theirs already, which is not this network');
    await lan.down();
    expect(await links()).toContain('theirs ');
    expect(await tables()).not.toContain('solovirt-theirs');
  });

  test('takes no subnet that the host has, and leaves nothing then', async () => {
    await net.get('ip', 'link', 'add', 'wan', 'type', 'bridge');
    await net.get('ip', 'address', 'add', '10.65.0.9/16', 'dev', 'wan');
    const lan = network('five', '10.65.7.');
    expect(await lan.up()).toContain('10.65.7.0/24 is in use on this host');
    expect(await links()).not.toContain('five ');
  });

  test('holds the ports that it forwards, and takes none that somebody has', async () => {
    const lan = network('six', '10.60.6.');
    await lan.up();
    const listen = (port: number): Promise<string> =>
      net.get(
        process.execPath,
        '-e',
        `require('net').createServer().listen(${port}, '127.0.0.1').unref()`,
      );
    await listen(7001);
    expect(await lan.change(forward('6', 7001))).toBe('ready');
    await expect(listen(7001)).rejects.toThrow('EADDRINUSE');
    const other = network('seven', '10.60.7.');
    expect(await other.up(forward('7', 7001))).toBe(
      'port 7001/tcp of 127.0.0.1 cannot be forwarded: Address already in use',
    );
    expect(await tables()).not.toContain('solovirt-seven');
    // What is refused changes nothing.
    expect(await lan.change((text) => text.replace('lan.example', 'wan.example'))).toContain(
      'domain of a network in use cannot be changed',
    );
    await expect(listen(7001)).rejects.toThrow('EADDRINUSE');
    expect(await lan.change((text) => text)).toBe('ready');
    await listen(7001);
    await lan.end();
  });
});

function isAlive(pid: number): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'latin1') : '';
  return stat !== '' && !/\) Z /.test(stat);
}
