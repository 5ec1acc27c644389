/** What the wrapper that makes taps is told. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HostNetwork } from '../../../../src/core/model/host-network.ts';
import type { InterfaceSpec } from '../../../../src/core/model/network-interface.ts';
import { tapName, tapOrder, tapsOf, withTaps } from '../../../../src/core/qemu-args/taps.ts';

const UID = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';
const LAN: HostNetwork = { namespace: 'default', name: 'lan', bridge: 'br0' };
const bridged = (name: string, network: HostNetwork = LAN): InterfaceSpec => ({
  kind: 'bridge',
  name,
  model: 'virtio',
  forwards: [],
  network: { namespace: network.namespace, name: network.name },
});
const user: InterfaceSpec = { name: 'default', model: 'virtio', forwards: [] };

test('each NIC on a bridge has a tap of its place, and others have none', () => {
  const tagged = { ...LAN, name: 'tagged', bridge: 'br1', vlan: 20, mtu: 9000 };
  const taps = tapsOf(UID, [user, bridged('lan'), bridged('t', tagged)], [tagged, LAN]);
  expect(taps.map(tapOrder)).toEqual([
    'sv1b9d6bcdn1 65 br0 0 0 0',
    'sv1b9d6bcdn2 66 br1 9000 20 0',
  ]);
});

test('names of taps are different, and short enough for Linux', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.nat(31), fc.nat(31), (uid, one, other) => {
      expect(tapName(uid, one).length).toBeLessThanOrEqual(15);
      expect(tapName(uid, one) === tapName(uid, other)).toBe(one === other);
    }),
  );
});

test.for([
  [{ kind: 'own' }, ['attach', '--tap', 'sv1b9d6bcdn0 64 br0 0 0 0', '--', 'qemu']],
  [
    { kind: 'helper', path: '/helper' },
    ['attach', '--helper', '/helper', '--tap', 'sv1b9d6bcdn0 64 br0 0 0 0', '--', 'qemu'],
  ],
  [
    { kind: 'service', socket: '/s' },
    ['attach', '--service', '/s', '--tap', 'sv1b9d6bcdn0 64 br0 0 0 0', '--', 'qemu'],
  ],
] as const)('the wrapper is told who makes them: %j', ([maker, command]) => {
  const taps = tapsOf(UID, [bridged('lan')], [LAN]);
  expect(withTaps(taps, maker, ['qemu'], 'attach')).toEqual(command);
});

test('without taps there is no wrapper', () => {
  expect(withTaps([], { kind: 'own' }, ['qemu'], 'attach')).toEqual(['qemu']);
});
