import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageOf } from '../../../../src/core/systemd/journal-message.ts';

const UID = '6b1e';

test.for([
  [
    'pass',
    {
      vm: 'default/web',
      wanted: 'Always',
      action: 'start',
      reason: 'Always, not run yet: to be started',
    },
    'web: start – Always, not run yet: to be started',
  ],
  [
    'pass',
    {
      vm: 'shop/db',
      action: 'conclude',
      reason: 'the instance has ended',
      instance: UID,
      outcome: 'Failed',
      verdict: 'GuestPanicked',
      retryAt: '2026-11-22T20:00:00.000Z',
    },
    'shop/db: conclude – the instance has ended: Failed, GuestPanicked; next try at 2026-11-22T20:00:00.000Z',
  ],
  [
    'event',
    { vm: 'default/web', event: 'GuestPanicked', note: 'the guest panicked', instance: UID },
    'web: GuestPanicked – the guest panicked',
  ],
  [
    'trouble',
    { topic: 'vms', trouble: '/etc/solovirt/vms is missing' },
    '/etc/solovirt/vms is missing',
  ],
  ['trouble is over', { topic: 'vms' }, 'trouble is over (topic vms)'],
  ['ready', { socket: '/run/s', vms: '/etc/vms' }, 'ready (socket /run/s, vms /etc/vms)'],
  [
    'pass failed, to be tried again',
    { vm: 'default/web', error: { type: 'Error', message: 'no space left', stack: 'Error: …' } },
    'web: pass failed, to be tried again: no space left',
  ],
  [
    'odd',
    { error: 'text', one: undefined, two: null, three: { a: [1] } },
    'odd: text (three {"a":[1]})',
  ],
  ['bare', {}, 'bare'],
] as const)('%s', ([msg, fields, message]) => {
  expect(messageOf({ level: 'info', msg, fields })).toBe(message);
});

test('what drives a terminal is written out', () => {
  const fields = {
    vm: 'default/web',
    event: 'X',
    note: 'a\u001b]0;owned\u0007\r\u009b31m\u0000b\tc\nd',
  };
  expect(messageOf({ level: 'info', msg: 'event', fields })).toBe(
    'web: X – a\\x1b]0;owned\\x07\\x0d\\x9b31m\\x00b\tc\nd',
  );
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

test('no message has a control character, whatever the fields hold', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue());
  const msg = fc.oneof(fc.constantFrom('pass', 'event', 'trouble', 'ready'), fc.string());
  fc.assert(
    fc.property(msg, fc.dictionary(fc.string(), value), (text, fields) => {
      expect(messageOf({ level: 'info', msg: text, fields })).not.toMatch(CONTROLS);
    }),
  );
});
