import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BusMessage,
  BusMessageError,
  encodeCall,
  takeMessages,
} from '../../../src/qemu/bus-message.ts';

/** What dbus-daemon answered to Hello, and its signal behind that, as they came. */
const ANSWER = Buffer.from(
  [
    '6c02010109000000010000003d00000006017300040000003a312e30000000000501750001000000',
    '080167000173000007017300140000006f72672e667265656465736b746f702e4442757300000000',
    '040000003a312e30006c04010109000000020000008d00000001016f00150000002f6f72672f6672',
    '65656465736b746f702f4442757300000002017300140000006f72672e667265656465736b746f70',
    '2e4442757300000000030173000c0000004e616d6541637175697265640000000006017300040000',
    '003a312e3000000000080167000173000007017300140000006f72672e667265656465736b746f70',
    '2e4442757300000000040000003a312e3000',
  ].join(''),
  'hex',
);

const call = (member: string, ...args: readonly string[]) => ({
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
  member,
  args,
});

test('an answer is read with whom it answers, a signal with what it says', () => {
  expect(takeMessages(ANSWER).messages).toEqual([
    { kind: 'return', replyTo: 1, args: [':1.0'] },
    { kind: 'signal', member: 'NameAcquired', args: [':1.0'] },
  ]);
});

test('messages come out whole and in order, however the stream is cut', () => {
  const word = fc.stringMatching(/^[^\0]{0,20}$/);
  const calls = fc.array(fc.tuple(fc.stringMatching(/^[A-Z][a-z]{0,9}$/), fc.array(word)));
  fc.assert(
    fc.property(calls, fc.array(fc.nat({ max: 2000 })), (said, cuts) => {
      const bytes = Buffer.concat(
        said.map(([member, args], index) => encodeCall(call(member, ...args), index + 1)),
      );
      const places = [...cuts.filter((cut) => cut < bytes.length), bytes.length];
      const got: BusMessage[] = [];
      let rest: Buffer = Buffer.alloc(0);
      let start = 0;
      for (const place of places.sort((a, b) => a - b)) {
        const taken = takeMessages(Buffer.concat([rest, bytes.subarray(start, place)]));
        got.push(...taken.messages);
        rest = taken.rest;
        start = place;
      }
      expect(rest).toHaveLength(0);
      expect(got).toEqual(said.map(([member, args]) => ({ kind: 'call', member, args })));
    }),
  );
});

test('what is no message is refused, and nothing worse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
      try {
        takeMessages(Buffer.from(garbage));
      } catch (error) {
        expect(error).toBeInstanceOf(BusMessageError);
      }
    }),
  );
});
