/** Answers of the agent as it gives them, and as a hostile guest might. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  agentInfoOf,
  filesystemsOf,
  freezeStatusOf,
  hostNameOf,
  interfacesOf,
  osOf,
  timezoneOf,
  usersOf,
} from '../../../../src/core/agent/guest-facts.ts';
import { guestAddresses, joinInterfaces } from '../../../../src/core/agent/guest-status.ts';
import type { Json } from '../../../../src/core/model/json.ts';

describe('what qemu-ga 7.2 answers', () => {
  test('the operating system', () => {
    const answer = {
      name: 'Debian GNU/Linux',
      'kernel-release': '6.1.0-50-cloud-amd64',
      version: '12 (bookworm)',
      'pretty-name': 'Debian GNU/Linux 12 (bookworm)',
      'version-id': '12',
      'kernel-version': '#1 SMP Debian 6.1.176-1',
      machine: 'x86_64',
      id: 'debian',
    };
    expect(osOf(answer)).toEqual({
      id: 'debian',
      kernelRelease: '6.1.0-50-cloud-amd64',
      kernelVersion: '#1 SMP Debian 6.1.176-1',
      machine: 'x86_64',
      name: 'Debian GNU/Linux',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      version: '12 (bookworm)',
      versionId: '12',
    });
  });

  test('host name and time zone', () => {
    expect(hostNameOf({ 'host-name': 'web' })).toBe('web');
    expect(timezoneOf({ zone: 'CET', offset: 3600 })).toBe('CET, 3600');
    expect(timezoneOf({ offset: -3600 })).toBe('-3600');
    expect(timezoneOf({})).toBeUndefined();
  });

  test('interfaces: no loopback, link-local addresses last, MAC addresses in one form', () => {
    const ip = (address: string) => ({ 'ip-address': address, prefix: 24 });
    expect(
      interfacesOf([
        {
          name: 'lo',
          'ip-addresses': [ip('127.0.0.1')],
          'hardware-address': '00:00:00:00:00:00',
        },
        {
          name: 'eth0',
          'ip-addresses': [ip('fe80::1'), ip('10.0.2.2'), ip('2001:db8::1'), ip('169.254.1.1')],
          'hardware-address': '52-54-00-AB-CD-EF',
        },
        { name: 'sit0' },
      ]),
    ).toEqual([
      {
        name: 'eth0',
        mac: '52:54:00:ab:cd:ef',
        addresses: ['10.0.2.2', '2001:db8::1', 'fe80::1', '169.254.1.1'],
      },
      { name: 'sit0', addresses: [] },
    ]);
  });

  test('users, file systems, commands, freeze status', () => {
    expect(usersOf([{ user: 'alice', 'login-time': 1e9, domain: 'CORP' }])).toEqual([
      { name: 'alice', loginTime: 1e9, domain: 'CORP' },
    ]);
    const disk = { 'bus-type': 'virtio', serial: 'data-1', dev: '/dev/vda' };
    expect(
      filesystemsOf([
        {
          name: 'vda',
          mountpoint: '/data',
          type: 'ext4',
          'used-bytes': 1,
          'total-bytes': 2,
          disk: [disk],
        },
        { name: 'nfs', mountpoint: '/srv', type: 'nfs', disk: [] },
      ]),
    ).toEqual([
      {
        diskName: 'vda',
        mountPoint: '/data',
        type: 'ext4',
        usedBytes: 1,
        totalBytes: 2,
        disks: [{ busType: 'virtio', serial: 'data-1' }],
      },
      { diskName: 'nfs', mountPoint: '/srv', type: 'nfs', usedBytes: 0, totalBytes: 0, disks: [] },
    ]);
    const commands = [{ name: 'guest-ping', enabled: true }, { name: 'guest-exec' }];
    expect(agentInfoOf({ version: '7.2.22', supported_commands: commands })).toEqual({
      version: '7.2.22',
      commands: [
        { name: 'guest-ping', enabled: true },
        { name: 'guest-exec', enabled: false },
      ],
    });
    expect(freezeStatusOf('frozen')).toBe('frozen');
    expect(freezeStatusOf('melted')).toBeUndefined();
  });
});

test.for([
  ['10.0.2.2', true],
  ['255.255.255.255', true],
  ['256.0.0.1', false],
  ['10.0.2', false],
  ['fe80::1%eth0', true],
  ['::ffff:10.0.0.1', true],
  ['beef', false],
  ['::1; rm -rf /', false],
  ['\x1b[2J::1', false],
] as const)('%j is an address: %j', ([text, is]) => {
  const [found] = interfacesOf([{ name: 'e', 'ip-addresses': [{ 'ip-address': text }] }]);
  expect(found?.addresses).toEqual(is ? [text] : []);
});

test('whatever a guest answers, what comes of it is small, and one line each', () => {
  const readers = [
    osOf,
    hostNameOf,
    timezoneOf,
    interfacesOf,
    usersOf,
    filesystemsOf,
    agentInfoOf,
    freezeStatusOf,
  ];
  const odd = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 2000 }));
  const keys = fc.constantFrom(
    'name',
    'user',
    'mountpoint',
    'disk',
    'ip-addresses',
    'ip-address',
    'host-name',
    'zone',
    'offset',
    'version',
    'supported_commands',
    'login-time',
    'used-bytes',
    '__proto__',
  );
  const told = fc.dictionary(keys, odd);
  const answer = fc.oneof(odd, told, fc.array(told, { maxLength: 400 }));
  fc.assert(
    fc.property(answer, (value) => {
      for (const read of readers) {
        const text = JSON.stringify(read(value as Json)) ?? '';
        expect(text.length).toBeLessThan(2_000_000);
        // Without the backslashes that a text may well hold.
        const escapes = text.replaceAll('\\\\', '');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(escapes).not.toMatch(/[\x00-\x1f\x7f-\x9f]|\\[nrtu]/);
      }
    }),
    { numRuns: 300 },
  );
});

describe('joining with the manifest', () => {
  const vm = { namespace: 'default', name: 'web' };
  const nic = {
    name: 'default',
    model: 'virtio',
    forwards: [],
    macAddress: '02-00-00-00-00-0A',
  } as const;

  test('by MAC address; what only the guest knows comes last', () => {
    const eth0 = { name: 'eth0', mac: '02:00:00:00:00:0a', addresses: ['10.0.2.2'] };
    const docker0 = { name: 'docker0', mac: '02:42:00:00:00:01', addresses: ['172.17.0.1'] };
    const { macAddress: _, ...other } = { ...nic, name: 'other' };
    const joined = joinInterfaces(vm, [nic, other], [docker0, eth0]);
    expect(joined.map(({ spec, guest }) => [spec?.name, guest?.name])).toEqual([
      ['default', 'eth0'],
      ['other', undefined],
      [undefined, 'docker0'],
    ]);
    expect(guestAddresses(joined)).toEqual(['10.0.2.2', '172.17.0.1']);
  });

  test('two interfaces in the guest with one address: the first is the manifest’s', () => {
    const port = { name: 'eth0', mac: '02:00:00:00:00:0a', addresses: [] };
    const bridge = { ...port, name: 'br0', addresses: ['10.0.2.2'] };
    const joined = joinInterfaces(vm, [nic], [port, bridge]);
    expect(joined.map(({ guest }) => guest?.name)).toEqual(['eth0', 'br0']);
    expect(guestAddresses(joined)).toEqual(['10.0.2.2']);
  });

  test('where the guest tells no address, the one that DHCP gave is its own', () => {
    const nic = { name: 'default', model: 'virtio', forwards: [] } as const;
    const vm = { namespace: 'default', name: 'web' };
    const [{ mac = '' } = {}] = joinInterfaces(vm, [nic], []);
    const leases = [{ mac, address: '10.44.0.2' }];
    expect(guestAddresses(joinInterfaces(vm, [nic], [], leases))).toEqual(['10.44.0.2']);
    const silent = { name: 'eth0', mac, addresses: [] };
    expect(guestAddresses(joinInterfaces(vm, [nic], [silent], leases))).toEqual(['10.44.0.2']);
    const told = { ...silent, addresses: ['10.44.0.77'] };
    expect(guestAddresses(joinInterfaces(vm, [nic], [told], leases))).toEqual(['10.44.0.77']);
  });
});
