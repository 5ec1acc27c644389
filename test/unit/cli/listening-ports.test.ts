import { expect, test } from 'vitest';
import { isTaken, parsePorts } from '../../../src/cli/listening-ports.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const TCP = `${HEAD}   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F91 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
`;
const TCP6 = `${HEAD}   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0 0 0 0
   1: 00000000000000000000000001000000:0019 00000000000000000000000000000000:0000 0A 0 0 0 0
   2: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 0 0 0 0
`;
const UDP = `${HEAD}   0: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3 2 0
`;

test('sockets that listen, by their IPv4 address', () => {
  expect(parsePorts('tcp', TCP)).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 8080 }]);
  expect(parsePorts('tcp6', TCP6)).toEqual([
    { protocol: 'tcp', address: '0.0.0.0', port: 22 },
    { protocol: 'tcp', address: '127.0.0.1', port: 80 },
  ]);
  expect(parsePorts('udp', UDP)).toEqual([{ protocol: 'udp', address: '0.0.0.0', port: 53 }]);
  expect(parsePorts('tcp', 'nonsense\n0: x y z\n')).toEqual([]);
});

test.for([
  ['127.0.0.1', 8080, 'tcp', true],
  ['0.0.0.0', 8080, 'tcp', true],
  ['127.0.0.2', 8080, 'tcp', false],
  ['127.0.0.1', 8080, 'udp', false],
  ['127.0.0.1', 53, 'udp', true],
] as const)('%s:%d/%s is taken: %s', ([hostAddress, hostPort, protocol, expected]) => {
  const listening = [...parsePorts('tcp', TCP), ...parsePorts('udp', UDP)];
  expect(isTaken({ hostAddress, hostPort, protocol, guestPort: 1 }, listening)).toBe(expected);
});
