/** Managed networks, as their guests see them: the daemon, its keepers and QEMU in a network of the test's own. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isKept, readKeeperState } from '../../src/qemu/network-keepers.ts';
import { runCli } from '../process/cli-harness.ts';
import { NetNamespace, whyNoNetwork } from '../support/net-namespace.ts';
import { poll, World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';
import { tinyVm } from './manifests.ts';
import { untilEvent, untilInfo } from './waiting.ts';

const EXAMPLE = readFileSync(new URL('../../vms/lan.yaml', import.meta.url), 'utf8');
const LONG_MS = 400_000;
const why = whyNoNetwork();

describe.skipIf(why !== undefined)(`a managed network${why ? ` (${why})` : ''}`, () => {
  let net: NetNamespace;
  beforeEach(async () => {
    net = await NetNamespace.make();
  });
  afterEach(() => net[Symbol.asyncDispose]());

  /** A world whose daemon lives in the network of the test. */
  const startWorld = (): Promise<World> =>
    World.start({ inside: (...command) => net.inside(...command) });
  /** Keepers outlive their daemon, and here the test. */
  const endOfKeepers = (world: World): AsyncDisposable => ({
    [Symbol.asyncDispose]: async () => {
      await world.endDaemon('SIGKILL');
      const root = join(world.runtime, 'network-keepers');
      for (const bridge of existsSync(root) ? readdirSync(root) : []) {
        const state = readKeeperState(join(root, bridge));
        if (isKept(state)) process.kill(state.pid, 'SIGTERM');
        await poll('the keeper has ended', () => !isKept(state));
      }
    },
  });
  const keeperOf = (world: World, bridge: string): string =>
    join(world.runtime, 'network-keepers', bridge);
  const links = (): Promise<string> => net.get('ip', '-brief', 'address');
  const isGone = async (what: string): Promise<void> => {
    for (let tries = 0; (await links()).includes(what); tries += 1) {
      if (tries > 1000) throw new Error(`${what} is still there`);
      await new Promise((next) => setTimeout(next, 50));
    }
  };
  /** What whoever connects to this address from there gets to read. */
  const page = (from: NetNamespace, url: string): Promise<string> =>
    from.get(
      process.execPath,
      '-e',
      `fetch('${url}').then((r) => r.text()).then(console.log, (e) => console.log(e.cause.code))`,
    );

  test(
    'gives its guests addresses, names and a way out, and outlives what happens to the daemon',
    async () => {
      await using outside = await NetNamespace.make();
      await net.connect(outside, '192.0.2.1/24', '192.0.2.2/24');
      await using world = await startWorld();
      await using _ = endOfKeepers(world);
      const ports = 'solovirt.io/host-ports: 8044:80, 0.0.0.0:8045:80';
      world.write('lan', EXAMPLE.replace('solovirt.io/host-ports: 8044:80', ports));
      await world.untilStatus('db', 'Stopped');
      expect(await links()).not.toContain('sv-lan');
      await Promise.all([world.command('web', 'start'), world.command('db', 'start')]);
      let address: string | undefined;
      {
        using web = await guestShell(world, 'web');
        using db = await guestShell(world, 'db');
        address = await web.run('hostname -i 2>/dev/null; ip -4 -o addr show eth0 | cut -d/ -f1');
        address = /10\.44\.0\.\d+/.exec(address)?.[0];
        await world.until('web', 'has its address', (vm) =>
          (vm?.status.instance?.addresses ?? []).includes(address ?? 'none'),
        );
        const path = '/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/web';
        expect((await world.api('GET', path)).body.status.interfaces).toMatchObject([
          { name: 'lan', ipAddress: address, infoSource: 'domain, dhcp' },
        ]);
        // To the host, to each other by name, and out.
        expect(await web.run('ping -c 1 -W 5 10.44.0.1 | grep received')).toContain('1 packets');
        expect(await web.run('ping -c 1 -W 5 db | grep received')).toContain(' 1 packets received');
        expect(await db.run('ping -c 1 -W 5 web.lan | grep received')).toContain(
          ' 1 packets received',
        );
        expect(await db.run('ping -c 1 -W 5 192.0.2.2 | grep received')).toContain(
          ' 1 packets received',
        );
        expect(await page(outside, 'http://192.0.2.1:8045/')).toContain('Hello');
        expect(await page(outside, 'http://192.0.2.1:8044/')).toBe('ECONNREFUSED');
        expect(await page(net, 'http://127.0.0.1:8044/')).toContain('Hello');
        await outlives(world);
      }
      // Another instance of the guest has its old address.
      await world.command('web', 'restart');
      await world.untilRuns('web', 1);
      {
        using web = await guestShell(world, 'web');
        expect(await web.run('ip -4 -o addr show eth0')).toContain(` ${address}/24`);
        expect(await web.run('ping -c 1 -W 5 db | grep received')).toContain(' 1 packets received');
      }
      world.remove('lan');
      await isGone('sv-lan');
      await poll('its keeper is gone', () => !existsSync(keeperOf(world, 'sv-lan')));
      expect(await net.get('nft', 'list', 'tables')).toBe('');
    },
    LONG_MS,
  );

  /** The daemon is killed and another takes over; dnsmasq is killed and comes back. */
  async function outlives(world: World): Promise<void> {
    const dir = keeperOf(world, 'sv-lan');
    const keeper = readKeeperState(dir);
    await world.endDaemon('SIGKILL');
    expect(isKept(keeper)).toBe(true);
    await world.startDaemon();
    await world.untilStatus('web', 'Running');
    const dnsmasq = (): number => Number(readFileSync(join(dir, 'dnsmasq'), 'utf8').split(' ')[0]);
    const before = dnsmasq();
    process.kill(before, 'SIGKILL');
    await poll('dnsmasq is there again', () => dnsmasq() !== before);
    await untilEvent(world, 'web', 'NetworkRestarted');
    expect(readKeeperState(dir)?.pid).toBe(keeper?.pid);
  }

  const network = (name: string, bridge: string, subnet: string): string => `---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: ${name}}
spec:
  config: '{"type": "bridge", "bridge": "${bridge}", "isGateway": true, "ipam": {"type": "host-local", "subnet": "${subnet}"}}'
`;
  const member = (name: string, network: string): string =>
    tinyVm(name, {
      strategy: 'Manual',
      devices: '          interfaces: [{name: lan, bridge: {}}]\n',
      spec: `      networks: [{name: lan, multus: {networkName: ${network}}}]\n`,
    }).replace('          autoattachPodInterface: false\n', '');
  const up = async (world: World, name: string): Promise<void> => {
    await world.command(name, 'start');
    await world.untilStatus(name, 'Running');
  };
  const warnings = async (world: World): Promise<string> =>
    JSON.stringify((await world.api('GET', '/apis/solovirt.io/v1/info')).body.warnings);

  test('that is edited goes on as it was until its last guest has ended, and is another then', async () => {
    await using world = await startWorld();
    await using _ = endOfKeepers(world);
    world.write('lan', network('lan', 'lan0', '10.51.0.0/24'));
    for (const name of ['one', 'two']) world.write(name, member(name, 'lan'));
    await world.untilStatus('one', 'Stopped');
    await up(world, 'one');
    expect(await links()).toContain('10.51.0.1/24');
    world.write('lan', network('lan', 'lan1', '10.52.0.0/24'));
    await untilInfo(world, 'the warning', ({ warnings }) =>
      warnings.join().includes('default/lan goes on as it was'),
    );
    await up(world, 'two');
    expect(await links()).not.toContain('10.52.0.1/24');
    for (const name of ['one', 'two']) await world.command(name, 'stop');
    for (const name of ['one', 'two']) await world.untilStatus(name, 'Stopped');
    await isGone('10.51.0.1/24');
    await up(world, 'two');
    expect(await links()).toMatch(/^lan1 .*10\.52\.0\.1\/24/m);
    expect(await warnings(world)).not.toContain('default/lan');
  });

  test('that cannot be made is the reason why its guest does not start', async () => {
    await using world = await startWorld();
    await using _ = endOfKeepers(world);
    await net.get('ip', 'link', 'add', 'theirs', 'type', 'bridge');
    world.write(
      'lan',
      [
        network('lan', 'lan0', '10.51.0.0/24'),
        network('near', 'lan1', '10.51.0.128/25'),
        network('foreign', 'theirs', '10.53.0.0/24'),
      ].join(''),
    );
    const fails = async (name: string, on: string): Promise<string> => {
      world.write(name, member(name, on));
      await world.untilStatus(name, 'Stopped');
      await world.command(name, 'start');
      return (await world.untilRuns(name, 1)).verdict.message;
    };
    world.write('one', member('one', 'lan'));
    await world.untilStatus('one', 'Stopped');
    await up(world, 'one');
    const { stdout } = await runCli(['validate', '--host', '-'], {
      socket: world.socket,
      stdin: member('two', 'near'),
      requestMs: 30_000,
    });
    expect(stdout).toContain(
      'spec.template.spec.networks[0]: the network default/near cannot be made now: its subnet 10.51.0.128/25 overlaps 10.51.0.0/24 of the network default/lan',
    );
    expect(await fails('two', 'near')).toContain(
      'network default/near: its subnet 10.51.0.128/25 overlaps 10.51.0.0/24 of the network default/lan',
    );
    expect(await fails('three', 'foreign')).toContain('interface theirs already');
    expect(await fails('four', 'missing')).toContain('no file declares');
    // What failed has taken nothing along.
    await world.until('one', 'still runs', (vm) => vm?.status.printableStatus === 'Running');
    expect(await links()).toContain('theirs');
  });

  test('takes more rights than a daemon has that is not root, and it says so', async () => {
    await using world = await World.start({ user: 69_991, config: '' });
    writeFileSync(
      world.file('lan'),
      network('lan', 'lan0', '10.51.0.0/24') + member('one', 'lan').replace(/^/, '---\n'),
    );
    await world.untilStatus('one', 'Stopped');
    await world.command('one', 'start');
    expect((await world.untilRuns('one', 1)).verdict.message).toContain(
      'run the daemon as root, or the packaged service',
    );
  });
});
