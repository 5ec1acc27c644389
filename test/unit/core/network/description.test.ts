import { expect, test } from 'vitest';
import {
  describeNetwork,
  parseKeeperState,
  parseLeases,
} from '../../../../src/core/network/description.ts';
import { lan } from './managed.ts';

const BOOT = '3b1f1c5e-0000-4000-8000-000000000000';

test('a description has one line for everything that the keeper is to know', () => {
  const web = { namespace: 'default', name: 'web' };
  const forwards = [
    { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, guestPort: 80 },
  ] as const;
  const members = [
    { vm: web, mac: '02:00:00:00:00:01', address: '10.44.0.2', forwards },
    {
      vm: { ...web, namespace: 'b' },
      mac: '02:00:00:00:00:02',
      address: '10.44.0.3',
      forwards: [],
    },
  ];
  expect(describeNetwork(lan({ mtu: 1400 }), members, 'a-1')).toBe(`token a-1
network default/lan
bridge lan0
mtu 1400
subnet 10.44.0.0/24
gateway 10.44.0.1
nat yes
domain lan
host 02:00:00:00:00:01 10.44.0.2 web
host 02:00:00:00:00:02 10.44.0.3 web.b
forward tcp 0.0.0.0 8080 10.44.0.2 80
end
`);
});

test('the keeper says what has become of a description, and who it is', () => {
  expect(parseKeeperState(`a-1\nready\n12 345 ${BOOT}\n2 killed by signal 9\n`)).toEqual({
    token: 'a-1',
    pid: 12,
    startTime: 345,
    bootId: BOOT,
    ends: 2,
    lastEnd: 'killed by signal 9',
  });
  expect(parseKeeperState(`a-1\nrefused no such thing\n12 345 ${BOOT}\n0 \n`)).toMatchObject({
    refused: 'no such thing',
  });
});

test.for(['', 'a-1\nready\n', `a-1\nready\n12 345 ${BOOT}\n0 `, `a\nwell\n1 2 ${BOOT}\n0 \n`])(
  'what is no answer is none: %j',
  (text) => expect(parseKeeperState(text)).toBeUndefined(),
);

test('leases are read from what dnsmasq keeps of them', () => {
  const text = `1795926064 02:00:00:00:00:01 10.44.0.2 web 01:02:00:00:00:00:01
duid 00:01:00:01
nonsense
1795926070 02:00:00:00:00:02 10.44.0.3 * *
`;
  expect([...parseLeases(text)]).toEqual([
    ['02:00:00:00:00:01', '10.44.0.2'],
    ['02:00:00:00:00:02', '10.44.0.3'],
  ]);
});
