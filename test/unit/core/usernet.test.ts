import { expect, test } from 'vitest';
import { parseUsernet } from '../../../src/core/usernet.ts';

/** As QEMU 7.2 writes it. */
const TABLE = `Hub -1 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[SYN_SENT]      16       127.3.4.5 34567       10.0.2.15    22     0     0\r
  TCP[HOST_FORWARD]  15       127.3.4.5 34567       10.0.2.15    22     0     0\r
  UDP[236 sec]       17        10.0.2.2 33322        10.0.2.3    53     0     0\r
`;

test('the connections of user-mode networking; lines of another form are left out', () => {
  const ends = {
    protocol: 'TCP',
    sourceAddress: '127.3.4.5',
    sourcePort: 34567,
    destinationAddress: '10.0.2.15',
    destinationPort: 22,
  };
  expect(parseUsernet(TABLE)).toEqual([
    { ...ends, state: 'SYN_SENT' },
    { ...ends, state: 'HOST_FORWARD' },
  ]);
  expect(parseUsernet('')).toEqual([]);
  expect(parseUsernet('unknown command')).toEqual([]);
});
