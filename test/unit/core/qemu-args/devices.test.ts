/** Network interfaces and the other devices: which there are, and where they sit. */
import { describe, expect, test } from 'vitest';
import type { InterfaceSpec } from '../../../../src/core/model/network-interface.ts';
import type { InstanceSpec } from '../../../../src/core/model/virtual-machine.ts';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { defaultMacAddress } from '../../../../src/core/qemu-args/mac-address.ts';
import { aDisk, anInput, aSpec } from './builders.ts';
import { device, jsonValues, soleValue, valuesOf } from './parse-args.ts';

function build(spec: Partial<InstanceSpec>): readonly string[] {
  return buildQemuArgs(anInput({ spec: aSpec(spec) }));
}

function ids(args: readonly string[]): readonly unknown[] {
  return jsonValues(args, '-device').map((properties) => properties['id']);
}

const nic: InterfaceSpec = { name: 'default', model: 'virtio', forwards: [] };

describe('interfaces', () => {
  test('get the addresses of masquerade, each its own network, and their forwards', () => {
    const forward = {
      protocol: 'tcp',
      hostAddress: '127.0.0.1',
      hostPort: 2222,
      guestPort: 22,
    } as const;
    const args = build({
      interfaces: [
        { ...nic, forwards: [forward] },
        { ...nic, name: 'b' },
      ],
    });
    expect(jsonValues(args, '-netdev')).toMatchObject([
      {
        id: 'net0',
        net: '10.0.2.0/24',
        host: '10.0.2.1',
        dhcpstart: '10.0.2.2',
        dns: '10.0.2.3',
        hostfwd: [{ str: 'tcp:127.0.0.1:2222-10.0.2.2:22' }],
      },
      { id: 'net1', net: '10.0.3.0/24', host: '10.0.3.1' },
    ]);
  });

  test('on bridges have taps that were opened for them, and tell guests how large frames may be', () => {
    const network = { namespace: 'default', name: 'lan', bridge: 'br0', mtu: 9000 };
    const lan = { ...nic, name: 'lan', kind: 'bridge', network } as const;
    const spec = aSpec({ interfaces: [nic, lan, { ...lan, name: 'old', model: 'e1000' }] });
    const args = buildQemuArgs({ ...anInput({ spec }), networks: [network], vhostNet: true });
    expect(jsonValues(args, '-netdev').slice(1)).toEqual([
      { type: 'tap', id: 'net1', fd: '65', vhost: true },
      { type: 'tap', id: 'net2', fd: '66' },
    ]);
    expect(device(args, 'nic0')).not.toHaveProperty('host_mtu');
    expect(device(args, 'nic1')).toHaveProperty('host_mtu', 9000);
    expect(device(args, 'nic2')).not.toHaveProperty('host_mtu');
  });

  test('have an option ROM only to boot from', () => {
    const args = build({ interfaces: [nic, { ...nic, name: 'b', bootOrder: 1 }] });
    expect(device(args, 'nic0')).toHaveProperty('romfile', '');
    expect(device(args, 'nic1')).not.toHaveProperty('romfile');
  });

  /** Guests keep these addresses for ever: a change here is a change for every user. */
  test.for([
    ['default', 'web', 'default', '02:b7:18:83:9c:12'],
    ['default', 'web', 'second', '02:27:82:72:f1:54'],
    ['default', 'db', 'default', '02:29:33:92:a5:5b'],
    ['prod', 'web', 'default', '02:f6:d2:87:8f:35'],
  ] as const)('%s/%s %s has the address %s', ([namespace, name, interfaceName, mac]) => {
    expect(defaultMacAddress({ namespace, name }, interfaceName)).toBe(mac);
  });

  test('a given address is used as it stands', () => {
    const args = build({ interfaces: [{ ...nic, macAddress: 'de-ad-00-00-be-af' }] });
    expect(device(args, 'nic0')['mac']).toBe('de-ad-00-00-be-af');
  });
});

describe('devices', () => {
  test.for<[Partial<InstanceSpec>, readonly string[]]>([
    [{}, []],
    [{ rng: true }, ['rng0']],
    [{ memBalloon: true }, ['balloon0']],
    [{ graphics: true }, ['video0']],
    [{ inputDevice: true }, ['usb0', 'tablet0']],
    [{ watchdog: { name: 'w', action: 'reset' } }, ['watchdog0']],
    [{ panicDevices: ['pvpanic'] }, ['panic0']],
    [{ panicDevices: ['isa', 'pvpanic', 'isa'] }, ['panic1', 'panic0']],
  ])('%j has the devices %j, and the channel of the guest agent after them', ([spec, expected]) => {
    expect(ids(build(spec))).toEqual([...expected, 'serial0', 'agent0']);
  });

  /** Addresses of devices as they were before guests had an agent's channel: a guest names its disks and NICs by them. */
  test('the channel of the guest agent takes the first slot that nothing else wants', () => {
    const buses = ['virtio', 'sata', 'scsi', 'usb'] as const;
    const args = build({
      disks: buses.map((bus) => aDisk({ name: bus, bus })),
      interfaces: [nic],
      rng: true,
      memBalloon: true,
      graphics: true,
      watchdog: { name: 'w', action: 'reset' },
      panicDevices: ['pvpanic'],
    });
    const placed = jsonValues(args, '-device').filter(({ addr }) => addr !== undefined);
    expect(placed.map(({ id, addr }) => [id, addr])).toEqual([
      ['nic0', '0x2'],
      ['disk0', '0x3'],
      ['sata0', '0x4'],
      ['scsi0', '0x5'],
      ['usb0', '0x6'],
      ['video0', '0x1'],
      ['rng0', '0x7'],
      ['balloon0', '0x8'],
      ['watchdog0', '0x9'],
      ['panic0', '0xa'],
      ['serial0', '0xb'],
    ]);
    expect(device(args, 'agent0')).toEqual({
      driver: 'virtserialport',
      bus: 'serial0.0',
      nr: 1,
      id: 'agent0',
      chardev: 'agent',
      name: 'org.qemu.guest_agent.0',
    });
  });

  test('a guest that has taken every slot goes without the channel', () => {
    const disks = (count: number) =>
      Array.from({ length: count }, (_, n) => aDisk({ name: `d${n}` }));
    expect(ids(build({ disks: disks(28) }))).toContain('agent0');
    expect(ids(build({ disks: disks(29) }))).not.toContain('agent0');
    expect(ids(build({ disks: disks(29) }))).toHaveLength(29);
  });

  test.for([
    ['q35', 'pcie.0', ['0x1', '0x2', '0x3']],
    ['pc-q35-7.2', 'pcie.0', ['0x1', '0x2', '0x3']],
    ['pc', 'pci.0', ['0x2', '0x3', '0x4']],
    ['pc-i440fx-7.2', 'pci.0', ['0x2', '0x3', '0x4']],
  ] as const)(
    'on %s the interface keeps its slot with and without other devices',
    ([machineType, bus, [video, first, second]]) => {
      const bare = build({ machineType, interfaces: [nic] });
      expect(device(bare, 'nic0')).toMatchObject({ bus, addr: first });
      const full = build({ machineType, interfaces: [nic], graphics: true, disks: [aDisk()] });
      expect(device(full, 'nic0')).toMatchObject({ bus, addr: first });
      expect(device(full, 'video0')).toMatchObject({ bus, addr: video });
      expect(device(full, 'disk0')).toMatchObject({ bus, addr: second });
    },
  );

  test('no two devices share a name or a PCI address', () => {
    const buses = ['virtio', 'sata', 'scsi', 'usb'] as const;
    const args = build({
      disks: buses.flatMap((bus) => [0, 1].map((n) => aDisk({ name: `${bus}${n}`, bus }))),
      interfaces: [nic, { ...nic, name: 'b' }],
      rng: true,
      memBalloon: true,
      graphics: true,
      inputDevice: true,
      panicDevices: ['pvpanic'],
    });
    const devices = jsonValues(args, '-device');
    const addresses = devices.map(({ addr }) => addr).filter((addr) => addr !== undefined);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(new Set(ids(args)).size).toBe(devices.length);
  });

  test('serial console: a socket with a file that gets all the guest writes, as the first serial port', () => {
    const args = build({ serialConsole: true });
    expect(soleValue(args, '-serial')).toBe('chardev:console');
    const chardev = valuesOf(args, '-chardev').at(-1);
    expect(chardev).toContain('/con,server=on,wait=off');
    expect(chardev).toContain('/console.log,logappend=on');
  });

  test('VNC on a socket of its own, only with graphics', () => {
    expect(soleValue(build({ graphics: true }), '-vnc')).toMatch(/^vnc=unix:.*\/vnc$/);
    expect(valuesOf(build({ graphics: false }), '-vnc')).toEqual([]);
  });
});
