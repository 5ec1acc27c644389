import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Applicant,
  admit,
  type Member,
  takenForward,
} from '../../../../src/core/network/members.ts';
import { lan } from './managed.ts';

const { managed } = lan();

function nic(name: string, mac = `02:00:00:00:00:${name.padStart(2, '0')}`): Applicant {
  return { vm: { namespace: 'default', name }, mac, forwards: [] };
}

/** One VM after the other. */
function admitAll(names: readonly string[], network = managed): readonly Member[] | undefined {
  return names.reduce<readonly Member[] | undefined>(
    (members, name) => members && admit(members, [nic(name)], network),
    [],
  );
}

function addressOf(members: readonly Member[] | undefined, name: string): string | undefined {
  return members?.find(({ vm }) => vm.name === name)?.address;
}

test('guests get the first addresses that are free, and never that of the gateway', () => {
  const network = { ...managed, first: '10.44.0.1' };
  const members = admitAll(['1', '2'], network);
  expect(members?.map(({ address }) => address)).toEqual(['10.44.0.2', '10.44.0.3']);
});

test('a guest keeps its address, whoever comes and goes', () => {
  const members = admitAll(['1', '2', '3']);
  const without = members?.filter(({ vm }) => vm.name !== '1') ?? [];
  const again = admit(without, [nic('3')], managed);
  expect(addressOf(again, '3')).toBe('10.44.0.4');
  expect(addressOf(admit(again ?? [], [nic('4')], managed), '4')).toBe('10.44.0.2');
});

test('a NIC that the VM has no longer gives its address back', () => {
  const two = admit([], [nic('1', '02:00:00:00:00:0a'), nic('1', '02:00:00:00:00:0b')], managed);
  expect(two).toHaveLength(2);
  expect(admit(two ?? [], [nic('1', '02:00:00:00:00:0b')], managed)).toMatchObject([
    { mac: '02:00:00:00:00:0b', address: '10.44.0.3' },
  ]);
});

test('an address outside of the range, which was edited, is given up', () => {
  const moved = { ...managed, first: '10.44.0.100' };
  expect(addressOf(admit(admitAll(['1']) ?? [], [nic('1')], moved), '1')).toBe('10.44.0.100');
});

test('there are as many guests as addresses', () => {
  const narrow = { ...managed, first: '10.44.0.2', last: '10.44.0.3' };
  expect(admitAll(['1', '2'], narrow)).toHaveLength(2);
  expect(admitAll(['1', '2', '3'], narrow)).toBeUndefined();
});

test('no two guests ever have one address', () => {
  const name = fc.integer({ min: 1, max: 9 }).map(String);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 30 }), (names) => {
      const members = admitAll(names) ?? [];
      expect(new Set(members.map(({ address }) => address)).size).toBe(members.length);
      expect(members).toHaveLength(new Set(names).size);
    }),
  );
});

test('a port of the host that leads to another VM is told with its name', () => {
  const forward = {
    hostAddress: '127.0.0.1',
    hostPort: 8080,
    guestPort: 80,
    protocol: 'tcp' as const,
  };
  const [web] = admit([], [{ ...nic('1'), forwards: [forward] }], managed) ?? [];
  const others = web === undefined ? [] : [web];
  const wanting = (changes: Partial<typeof forward>): string | undefined =>
    takenForward([{ ...nic('2'), forwards: [{ ...forward, ...changes }] }], others);
  expect(wanting({ hostAddress: '0.0.0.0' })).toBe(
    'port 8080/tcp of 0.0.0.0 is forwarded to VM default/1; choose another port',
  );
  expect(wanting({ hostPort: 8081 })).toBeUndefined();
});
