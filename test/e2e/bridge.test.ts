/** VMs on bridges of the host, in a network namespace that stands for the host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readProcessFile } from '../../src/qemu/process-identity.ts';
import { NetNamespace, whyNoNetwork } from '../support/net-namespace.ts';
import { World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';
import { demoVm, tinyVm } from './manifests.ts';

const EXAMPLE = new URL('../../vms/bridge.yaml', import.meta.url);
const BRIDGE = 'svtest0';
const HOST = '10.9.0.254';
const WHY_NOT = whyNoNetwork();

const network = (name: string, bridge: string): string => `---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: ${name}}
spec:
  config: '{"type": "bridge", "bridge": "${bridge}", "mtu": 1400}'
`;
const NIC = '          interfaces: [{name: lan, bridge: {}}]\n';
const LAN = '      networks: [{name: lan, multus: {networkName: office}}]\n';
const NICS = '          interfaces: [{name: default, masquerade: {}}, {name: lan, bridge: {}}]\n';
const NETWORKS =
  '      networks: [{name: lan, multus: {networkName: default/office}}, {name: default, pod: {}}]\n';

let host: NetNamespace;
let world: World;
beforeAll(async () => {
  if (WHY_NOT !== undefined) return;
  host = await NetNamespace.make();
  await host.get('ip', 'link', 'add', BRIDGE, 'type', 'bridge');
  await host.get('ip', 'address', 'add', `${HOST}/24`, 'dev', BRIDGE);
  await host.get('ip', 'link', 'set', BRIDGE, 'up');
  await host.get('ip', 'link', 'add', 'svtest2', 'type', 'veth', 'peer', 'name', 'svtest3');
  world = await World.start({ inside: (...command) => host.inside(...command) });
});
afterAll(async () => {
  if (WHY_NOT !== undefined) return;
  await world[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

/** Names of the bridge's ports. */
async function ports(): Promise<readonly string[]> {
  const list = JSON.parse(await host.get('ip', '-json', 'link', 'show', 'master', BRIDGE)) as {
    readonly ifname?: string;
  }[];
  return list.flatMap(({ ifname }) => ifname ?? []);
}

async function untilUnplugged(tap: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while ((await ports()).includes(tap)) {
    if (Date.now() > deadline) throw new Error(`${tap} is still there`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

function qemuOf(uid: string): number {
  const identity = readProcessFile(join(world.state, 'instances', uid, 'process'))?.identity;
  if (identity === undefined) throw new Error(`no process of ${uid}`);
  return identity.pid;
}

async function uidOf(name: string): Promise<string> {
  return (await world.vm(name)).status.instance?.uid ?? '';
}

describe.skipIf(WHY_NOT !== undefined)('a VM on a bridge', () => {
  test('reaches its neighbours and the host, and is reached by them', async () => {
    const vm = demoVm('one', {
      strategy: 'Always',
      devices: NICS,
      spec: NETWORKS,
      annotations: { 'host-ports': '8080:80' },
    });
    world.write('one', vm);
    const example = readFileSync(EXAMPLE, 'utf8')
      .replace('"bridge": "br0"', `"bridge": "${BRIDGE}", "mtu": 1400`)
      .replace('Manual', 'Always');
    world.write('bridged', example);
    using one = await guestShell(world, 'one');
    using two = await guestShell(world, 'bridged');
    expect(await one.run('cat /sys/class/net/eth1/mtu')).toBe('1400');
    await one.run('ip address add 10.9.0.1/24 dev eth1');
    await one.run('ip link set eth1 up');
    await two.run('ip address add 10.9.0.2/24 dev eth0');
    expect(await one.run('wget -q -O - http://10.9.0.2/ | grep -c solovirt')).not.toBe('0');
    expect(await two.run(`ping -c 1 -W 9 ${HOST} | grep -c "1 packets received"`)).toBe('1');
    // From the host over the bridge, and to the other NIC by its forwarded port.
    const page = await host.get('curl', '-s', 'http://10.9.0.2/');
    expect(page).toContain('solovirt');
    expect(await host.get('curl', '-s', 'http://127.0.0.1:8080/')).toBe(page);
    expect(await ports()).toHaveLength(2);
    for (const name of ['one', 'bridged']) {
      await world.command(name, 'stop', { gracePeriod: 0 });
      await world.untilStatus(name, 'Stopped');
    }
  }, 180_000);

  test('has a tap for as long as QEMU lives, however it ends and whoever sees it', async () => {
    const vm = tinyVm('brief', { strategy: 'Manual', devices: NIC, spec: LAN }).replace(
      '          autoattachPodInterface: false\n',
      '',
    );
    world.write('brief', vm);
    await world.untilStatus('brief', 'Stopped');
    const tapOf = (uid: string): string => `sv${uid.slice(0, 8)}n0`;
    const run = async (): Promise<string> => {
      await world.command('brief', 'start');
      await world.untilStatus('brief', 'Running');
      const uid = await uidOf('brief');
      expect(await ports()).toContain(tapOf(uid));
      return uid;
    };
    const commanded = await run();
    await world.command('brief', 'stop');
    await world.untilRuns('brief', 1);
    await untilUnplugged(tapOf(commanded));
    const killed = await run();
    process.kill(qemuOf(killed), 'SIGKILL');
    await world.untilRuns('brief', 2);
    await untilUnplugged(tapOf(killed));
    const unseen = await run();
    await world.endDaemon();
    expect(await ports()).toContain(tapOf(unseen));
    process.kill(qemuOf(unseen), 'SIGKILL');
    await untilUnplugged(tapOf(unseen));
    await world.startDaemon();
    await world.untilRuns('brief', 3);
    const adopted = await run();
    await world.endDaemon();
    await world.startDaemon();
    await world.untilStatus('brief', 'Running');
    expect(await uidOf('brief')).toBe(adopted);
    await world.command('brief', 'stop');
    await world.untilRuns('brief', 4);
    await untilUnplugged(tapOf(adopted));
  }, 120_000);

  test('is not started where its network is not there, and says what is to be done', async () => {
    const vm = (name: string): string =>
      tinyVm(name, {
        strategy: 'Once',
        devices: NIC,
        spec: LAN.replace('networkName: office', `networkName: ${name}`),
      });
    world.write('nowhere', vm('nowhere') + network('nowhere', 'svtest1'));
    world.write('nameless', vm('nameless'));
    world.write('nowhree', vm('nowhree'));
    world.write('cable', vm('cable') + network('cable', 'svtest2'));
    const words = async (name: string): Promise<string> =>
      (await world.untilRuns(name, 1)).verdict.message;
    expect(await words('nowhere')).toMatch(
      /interface lan: the network default\/nowhere is on the bridge svtest1, and this host has no network interface of that name: "ip link add svtest1 type bridge"/,
    );
    expect(await words('nameless')).toMatch(/default\/nameless.*NetworkAttachmentDefinition/);
    expect(await words('nowhree')).toMatch(/of this name; did you mean "nowhere"\?$/);
    expect(await words('cable')).toMatch(/svtest2 is no bridge/);
  }, 60_000);
});

describe.skipIf(process.geteuid?.() !== 0)('a daemon without privileges', () => {
  test('tells what it takes to put guests onto bridges', async () => {
    await using own = await World.start({ user: 65_534, config: 'launcher: direct\n' });
    own.write(
      'poor',
      tinyVm('poor', { strategy: 'Once', devices: NIC, spec: LAN }) + network('office', BRIDGE),
    );
    const { verdict } = await own.untilRuns('poor', 1);
    expect(verdict.message).toMatch(
      /no right to make network interfaces \(CAP_NET_ADMIN\): run the daemon as root/,
    );
  }, 60_000);
});
