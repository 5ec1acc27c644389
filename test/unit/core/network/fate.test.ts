import { expect, test } from 'vitest';
import { fateOf } from '../../../../src/core/network/fate.ts';
import { lan } from './managed.ts';

const member = {
  vm: { namespace: 'default', name: 'web' },
  mac: '02:00:00:00:00:01',
  address: '10.44.0.2',
  forwards: [],
};
const up = { network: lan(), members: [member], isUp: true };
const isIn = (): boolean => true;
const isOut = (): boolean => false;

test('a network with a guest in it is kept, whatever its file says', () => {
  const kept = { kind: 'keep', present: [member] };
  expect(fateOf(up, isIn, undefined)).toEqual(kept);
  expect(fateOf(up, isIn, lan({ bridge: 'other' }))).toEqual(kept);
});

test('without a guest it is kept for as long as a file wants it as it is', () => {
  expect(fateOf(up, isOut, lan())).toEqual({ kind: 'keep', present: [] });
  expect(fateOf(up, isOut, lan({ mtu: 9000 }))).toEqual({ kind: 'take-down' });
  expect(fateOf(up, isOut, undefined)).toEqual({ kind: 'forget' });
  expect(fateOf({ ...up, isUp: false }, isOut, lan())).toEqual({ kind: 'take-down' });
});
