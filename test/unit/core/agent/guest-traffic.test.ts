import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trafficOf } from '../../../../src/core/agent/guest-traffic.ts';

const STATISTICS = {
  'rx-bytes': 1,
  'rx-packets': 2,
  'rx-errs': 3,
  'rx-dropped': 4,
  'tx-bytes': 5,
  'tx-packets': 6,
  'tx-errs': 7,
  'tx-dropped': 8,
};
const USE = {
  receiveBytes: 1,
  receivePackets: 2,
  receiveErrors: 3,
  receiveDropped: 4,
  transmitBytes: 5,
  transmitPackets: 6,
  transmitErrors: 7,
  transmitDropped: 8,
};
const MAC = '02:00:00:00:00:01';

test('interfaces are told by their addresses, however the guest writes and calls them', () => {
  const answer = [
    { name: 'lo', statistics: STATISTICS },
    {
      name: 'eth1',
      'hardware-address': '02-00-00-00-00-0A',
      statistics: { ...STATISTICS, 'rx-bytes': 9 },
    },
    { name: 'eth0', 'hardware-address': MAC, statistics: STATISTICS },
    { name: 'br0', 'hardware-address': MAC, statistics: { ...STATISTICS, 'rx-bytes': 99 } },
  ];
  expect(trafficOf(answer, [MAC, '02:00:00:00:00:0a', '02:00:00:00:00:02'])).toEqual([
    USE,
    { ...USE, receiveBytes: 9 },
    undefined,
  ]);
});

test('an agent without statistics tells nothing', () => {
  expect(trafficOf([{ name: 'eth0', 'hardware-address': MAC }], [MAC])).toEqual([undefined]);
});

test('a guest can answer anything', () => {
  const interfaces = fc.array(
    fc.record({ 'hardware-address': fc.constantFrom(MAC, 7, null), statistics: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), interfaces), (answer) => {
      const [use] = trafficOf(answer as never, [MAC]);
      for (const value of Object.values(use ?? {})) expect(value).toBeGreaterThanOrEqual(0);
    }),
  );
});
