import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv4Number, ipv4Text, isPrivate, overlap } from '../../../../src/core/network/ipv4.ts';

test('an address is a number and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number) => {
      expect(ipv4Number(ipv4Text(number))).toBe(number);
    }),
  );
});

test.for(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.-4', '1.2.3.4/24', 'a.b.c.d'])(
  '%s is no address',
  (text) => expect(ipv4Number(text)).toBeUndefined(),
);

test.for([
  ['10.0.0.0', 24, '10.0.0.0', 24, true],
  ['10.0.0.0', 24, '10.0.1.0', 24, false],
  ['10.0.0.0', 16, '10.0.255.0', 24, true],
  ['10.0.255.128', 25, '10.0.0.0', 16, true],
  ['192.168.0.0', 16, '192.169.0.0', 16, false],
] as const)('%s/%s and %s/%s overlap: %s', ([one, a, other, b, expected]) => {
  expect(overlap({ subnet: one, prefix: a }, { subnet: other, prefix: b })).toBe(expected);
});

test.for([
  ['10.0.0.0', 8, true],
  ['172.31.0.0', 16, true],
  ['172.32.0.0', 16, false],
  ['192.168.4.0', 24, true],
  ['100.64.0.0', 9, false],
  ['8.8.8.0', 24, false],
] as const)('%s/%s is private: %s', ([subnet, prefix, expected]) => {
  expect(isPrivate({ subnet, prefix })).toBe(expected);
});
