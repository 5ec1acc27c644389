/** What passt and its QEMU are told. */
import { expect, test } from 'vitest';
import type { PasstInterface } from '../../../../src/core/model/network-interface.ts';
import { withCompanions } from '../../../../src/core/qemu-args/companion.ts';
import { passtCompanion, passtNetdev } from '../../../../src/core/qemu-args/passt.ts';

const VM = { namespace: 'default', name: 'web' };
const NIC: PasstInterface = {
  kind: 'passt',
  name: 'second',
  model: 'virtio',
  macAddress: '52:54:00:12:34:56',
  forwards: [],
};

const forward = (protocol: 'tcp' | 'udp', hostPort: number, guestPort: number) => ({
  ...{ protocol, hostAddress: '127.0.0.1' },
  ...{ hostPort, guestPort },
});

const companion = (nic: PasstInterface) =>
  passtCompanion('/passt', { vm: VM, nic, index: 1 }, { dir: '/d' });

test('QEMU has its end of the connection as the descriptor of its place', () => {
  expect(passtNetdev(1)).toEqual({
    ...{ type: 'stream', id: 'net1', server: false },
    addr: { type: 'fd', str: '65' },
  });
  expect(companion(NIC).line).toMatchObject({ kind: 'channel', descriptor: 65 });
});

test('passt gives the addresses of user mode, and takes no port that nobody has named', () => {
  expect(companion(NIC).command.join(' ')).toBe(
    '/passt --foreground --fd {socket} --ipv4-only --address 10.0.3.2 --netmask 24 --gateway 10.0.3.1 --dns-forward 10.0.3.3 --no-map-gw --tcp-ports none --udp-ports none',
  );
});

test('each port of the host is told with its address', () => {
  const forwards = [forward('tcp', 8080, 80), forward('udp', 53, 53), forward('tcp', 22, 22)];
  const { command, files } = companion({ ...NIC, forwards });
  expect(command.slice(-6).join(' ')).toBe(
    '--tcp-ports 127.0.0.1/8080:80 --tcp-ports 127.0.0.1/22:22 --udp-ports 127.0.0.1/53:53',
  );
  expect(files).toEqual({ kind: 'ports', low: true });
});

test('it is asked for the gateway’s hardware address before QEMU is begun, and held to no files', () => {
  const words = withCompanions([companion(NIC)], ['qemu'], { beside: '/b', confine: '/c' });
  expect(words.slice(0, 5)).toEqual([
    ...['/b', '--channel', '65', '--ask'],
    // Length, Ethernet to everybody, ARP: who has 10.0.3.1? Tell 10.0.3.2.
    '0000002affffffffffff525400123456080600010800060400015254001234560a0003020000000000000a000301',
  ]);
  expect(words.slice(7, 13)).toEqual([
    ...['--end', '/d/net1.exit', '--words'],
    expect.stringMatching(/^\d+$/),
    ...['/c', '--all-files'],
  ]);
  expect(words.at(-1)).toBe('qemu');
});
