/** NICs on bridges under systemd: a daemon and VMs without privileges, and a service that makes the taps. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAEMON, Fleet } from './fleet.ts';
import { handOver, startedGuest } from './hand-over.ts';
import { type Machine, whyNoMachine } from './machine.ts';

const reason = whyNoMachine();

const NETWORK = `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: lan}
spec: {config: '{"type": "bridge", "bridge": "br0"}'}
`;

describe.skipIf(reason !== undefined)(`taps${reason ? ` (${reason})` : ''}`, () => {
  let fleet: Fleet;
  let machine: Machine;
  beforeAll(async () => {
    fleet = await Fleet.booted({}, (made) => made.write('/etc/solovirt/vms/lan.yaml', NETWORK));
    machine = fleet.machine;
    await machine.get('ip', 'link', 'add', 'br0', 'type', 'bridge');
    await machine.get('ip', 'link', 'set', 'br0', 'up');
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  const ports = (): Promise<string> => machine.get('ip', '-brief', 'link', 'show', 'master', 'br0');
  const untilNoPort = (): Promise<true> =>
    machine.until('the taps are gone', async () => (await ports()) === '' || undefined);

  test('are made for a VM whose file asks for them, and go with its QEMU', async () => {
    fleet.declare('web', {
      strategy: 'Always',
      devices: '          interfaces: [{name: lan, bridge: {}}]\n',
      spec: '      networks: [{name: lan, multus: {networkName: lan}}]\n',
    });
    await fleet.untilStatus('web', 'Running');
    const uid = (await fleet.vm('web')).status.instance?.uid ?? '';
    expect(await ports()).toMatch(new RegExp(`^sv${uid.slice(0, 8)}n0 +UP|UNKNOWN`));
    const pid = await machine.property(fleet.unit('web'), 'MainPID');
    expect(await machine.get('cat', `/proc/${pid}/status`)).toMatch(/^CapPrm:\s+0+$/m);
    expect(await machine.get('ls', '-l', `/proc/${pid}/fd/64`)).toContain('/net/tun');
    await machine.get('systemctl', 'stop', DAEMON.replace('.service', '.socket'), DAEMON);
    await untilNoPort();
    await machine.get('systemctl', 'start', DAEMON);
    await fleet.untilStatus('web', 'Running');
    const again = await machine.property(fleet.unit('web'), 'MainPID');
    expect(await ports()).not.toBe('');
    await machine.get('systemctl', 'kill', '--kill-whom=main', '--signal=SIGKILL', DAEMON);
    await machine.get('kill', '-KILL', again);
    await machine.until('another QEMU', async () => {
      const now = await machine.property(fleet.unit('web'), 'MainPID');
      return now !== '0' && now !== again;
    });
    await machine.until(
      'one tap',
      async () => (await ports()).split('\n').length === 1 || undefined,
    );
    await fleet.cli('stop', 'web');
    await untilNoPort();
    await machine.until('who made the taps has ended, too', async () => {
      const list = ['list-units', '--plain', '--no-legend', 'solovirt-tap@*'];
      return (await machine.get('systemctl', ...list)) === '' || undefined;
    });
  });

  /** What `attach` says to a VM in whose name these orders were handed over. */
  async function asked(inst: string, orders: string | undefined): Promise<string> {
    const order = 'sv00000000n0 64 br0 0 0 0';
    const attach = `/usr/lib/solovirt/attach --service /run/solovirt-tap.sock --tap '${order}' -- /bin/sh -c 'readlink /proc/self/fd/64'`;
    const vm = await handOver(machine, inst, {
      command: ['/bin/sh', '-c', `exec >/run/solovirt/self/evidence/out 2>&1\n${attach}`],
    });
    if (orders !== undefined) machine.write(`${vm.dir}/taps`, orders);
    await machine.get('systemctl', 'start', vm.unit);
    await machine.until(`${inst} has ended`, () => machine.exists(`${vm.evidence}/exit`));
    return machine.read(`${vm.evidence}/out`).trim();
  }

  test.for([
    ['as the daemon ordered', 'sv00000000n0 64 br0 0 0 0\n', /\/net\/tun$/],
    ['on a bridge that is there', 'sv00000000n0 64 br1 0 0 0\n', /no network interface br1/],
    ['on a bridge', 'sv00000000n0 64 lo 0 0 0\n', /lo is no bridge/],
    ['with a name of their own', 'eth0 64 br0 0 0 0\n', /no order for a tap/],
    ['by one line each', 'sv00000000n0 64 br0 0 0 0; reboot\n', /no order for a tap/],
    ['by somebody’s order', undefined, /nothing is to be put onto bridges/],
  ] as const)('are made only %s', async ([what, orders, answer]) => {
    const inst = `asks-${what.replaceAll(/[^a-z]/g, '').slice(-20)}`;
    expect(await asked(inst, orders)).toMatch(answer);
    await untilNoPort();
  });

  test('are for VMs, and nobody else', async () => {
    const { dir } = await startedGuest(machine, 'other');
    machine.write(`${dir}/taps`, 'sv00000000n0 64 br0 0 0 0\n');
    const attach = ['/usr/lib/solovirt/attach', '--service', '/run/solovirt-tap.sock'];
    const order = ['--tap', 'sv00000000n0 64 br0 0 0 0', '--', 'true'];
    const as = (user: string, group: string): Promise<string> =>
      machine
        .run('setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups', ...attach, ...order)
        .then(({ stderr }) => stderr);
    expect(await as('solovirt', 'solovirt')).toContain('who asks is no VM');
    expect(await as('nobody', 'nogroup')).toContain('Permission denied');
    expect(await ports()).toBe('');
    await machine.get('systemctl', 'stop', 'solovirt-vm@other.service');
  });
});
