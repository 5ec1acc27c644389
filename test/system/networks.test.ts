/** Managed networks under systemd: units of their own, which the daemon may start and stop, and what becomes of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAEMON, Fleet, livesOn } from './fleet.ts';
import { Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();

const DESCRIPTION = `token a-1
network default/lan
bridge lan0
subnet 10.44.0.0/24
gateway 10.44.0.1
nat yes
domain lan
host 02:00:00:00:00:01 10.44.0.2 web
forward tcp 127.0.0.1 80 10.44.0.2 80
end
`;

describe.skipIf(reason !== undefined)(
  `solovirt-network@.service${reason ? ` (${reason})` : ''}`,
  () => {
    const unit = 'solovirt-network@lan0.service';
    const dir = '/run/solovirt-network/lan0';
    let machine: Machine;
    beforeAll(async () => {
      machine = await Machine.booted();
    });
    afterAll(() => machine[Symbol.asyncDispose]());

    /** The daemon's user, as which the description is written and the unit managed. */
    const asDaemon = (...command: readonly string[]): Promise<string> =>
      machine.get('setpriv', '--reuid=solovirt', '--regid=solovirt', '--init-groups', ...command);
    const systemctl = (...args: readonly string[]): Promise<string> =>
      asDaemon('systemctl', '--no-ask-password', ...args);
    const describe_ = (text: string): Promise<string> =>
      asDaemon('sh', '-c', 'printf %s "$0" >/run/solovirt/networks/lan0', text);
    const bridges = (): Promise<string> => machine.get('ip', '-brief', 'address');
    const tables = (): Promise<string> => machine.get('nft', 'list', 'tables');

    test('is started, changed and stopped by the user of the daemon, who has no rights of its own', async () => {
      await describe_(DESCRIPTION);
      await systemctl('start', unit);
      expect(machine.read(`${dir}/state`)).toMatch(/^a-1\nready\n/);
      expect(await bridges()).toMatch(/^lan0 .*10\.44\.0\.1\/24/m);
      expect(await tables()).toContain('solovirt-lan0');
      expect(await machine.get('ps', '-o', 'user=', '-C', 'dnsmasq')).toBe('dnsmasq');

      await describe_(DESCRIPTION.replace('a-1', 'a-2').replace('80 10.44', '8080 10.44'));
      await systemctl('reload', unit);
      await machine.until('the change is taken', () =>
        machine.read(`${dir}/state`).startsWith('a-2\nready'),
      );
      expect(await machine.get('nft', 'list', 'ruleset')).toContain('tcp dport 8080 dnat');

      await systemctl('stop', unit);
      expect(await bridges()).not.toContain('lan0');
      expect(await tables()).not.toContain('solovirt-lan0');
      expect((await machine.run('pgrep', 'dnsmasq')).stdout).toBe('');
    });

    test('that is killed comes back, and its bridge was there all the time', async () => {
      await describe_(DESCRIPTION);
      await systemctl('start', unit);
      const [index] = (await machine.get('ip', '-o', 'link', 'show', 'lan0')).split(':');
      const pid = await machine.property(unit, 'MainPID');
      await machine.get('systemctl', 'kill', '--kill-whom=main', '--signal=SIGKILL', unit);
      await machine.until('another keeper', async () => {
        const now = await machine.property(unit, 'MainPID');
        return (
          now !== pid && now !== '0' && (await machine.property(unit, 'ActiveState')) === 'active'
        );
      });
      const [again] = (await machine.get('ip', '-o', 'link', 'show', 'lan0')).split(':');
      expect(again).toBe(index);
      await systemctl('stop', unit);
    });

    test('that cannot be made leaves nothing but the reason', async () => {
      await describe_(DESCRIPTION.replace('10.44.0.2 web', '10.45.0.2 web'));
      await expect(systemctl('start', unit)).rejects.toThrow('failed');
      expect(machine.read(`${dir}/state`)).toContain(
        'refused 10.45.0.2 is no address of a host in 10.44.0.0/24',
      );
      expect(await bridges()).not.toContain('lan0');
      expect(await machine.property(unit, 'NRestarts')).toBe('0');
    });

    test('reads no file but one that is there, whatever the daemon puts in its place', async () => {
      await asDaemon('ln', '-sf', '/etc/machine-id', '/run/solovirt/networks/lan0');
      await expect(systemctl('start', unit)).rejects.toThrow('failed');
      expect(machine.read(`${dir}/state`)).not.toContain(machine.read('/etc/machine-id').trim());
      await asDaemon('rm', '/run/solovirt/networks/lan0');
    });
  },
);

const NETWORK = `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: lan}
spec:
  config: '{"type": "bridge", "bridge": "lan0", "isGateway": true, "ipMasq": true, "ipam": {"type": "host-local", "subnet": "10.44.0.0/24"}}'
`;

test.skipIf(reason !== undefined)(
  'an unprivileged daemon has a network made for its VMs, which outlives it, and goes after them',
  async () => {
    const nic = {
      devices: '          interfaces: [{name: lan, bridge: {}}]\n',
      spec: '      networks: [{name: lan, multus: {networkName: lan}}]\n',
      annotations: { 'solovirt.io/host-ports': '0.0.0.0:80:80/tcp' },
    };
    await using fleet = await Fleet.booted({ web: nic }, (off) =>
      off.write('/etc/solovirt/vms/lan.yaml', NETWORK),
    );
    const { machine } = fleet;
    const unit = 'solovirt-network@lan0.service';
    await fleet.allRunning('web');
    expect(await machine.get('ip', '-4', '-brief', 'address', 'show', 'lan0')).toContain(
      '10.44.0.1/24',
    );
    expect(await machine.get('ip', '-brief', 'link', 'show', 'master', 'lan0')).toContain('sv');
    expect(await machine.get('nft', 'list', 'table', 'inet', 'solovirt-lan0')).toContain(
      'tcp dport 80 dnat ip to 10.44.0.2:80',
    );

    const keeper = await machine.property(unit, 'MainPID');
    const before = await fleet.life('web');
    await machine.get('systemctl', 'kill', '--signal=SIGKILL', DAEMON);
    await machine.until('the daemon is back', async () => {
      return (await machine.property(DAEMON, 'NRestarts')) === '1';
    });
    await fleet.allRunning('web');
    expect(livesOn(before, await fleet.life('web'))).toBe(true);
    expect(await machine.property(unit, 'MainPID')).toBe(keeper);

    // A stop by hand harms no guest, and does not last.
    await machine.get('systemctl', 'stop', unit);
    await machine.until('the network is back', async () => {
      return (await machine.property(unit, 'ActiveState')) === 'active';
    });
    expect(await machine.get('ip', '-brief', 'link', 'show', 'master', 'lan0')).toContain('sv');

    await machine.get('systemctl', 'stop', DAEMON);
    expect((await machine.run('ip', 'link', 'show', 'lan0')).code).not.toBe(0);
    expect(await machine.get('nft', 'list', 'tables')).not.toContain('solovirt');
  },
);
