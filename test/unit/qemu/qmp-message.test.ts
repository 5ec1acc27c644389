import { expect, test } from 'vitest';
import { formatQmpCommand, parseQmpLine } from '../../../src/qemu/qmp-message.ts';

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2"}, "capabilities": ["oob"]}}';

const ROWS: readonly { name: string; line: string; expected: unknown }[] = [
  {
    name: 'the greeting',
    line: GREETING,
    expected: {
      kind: 'greeting',
      greeting: { version: '7.2.22', package: 'Debian 1:7.2', capabilities: ['oob'] },
    },
  },
  {
    name: 'a greeting without numbers',
    line: '{"QMP": {"version": {}, "capabilities": 3}}',
    expected: {
      kind: 'greeting',
      greeting: { version: 'unknown', package: '', capabilities: [] },
    },
  },
  {
    name: 'a return',
    line: '{"return": {"running": true}, "id": 7}',
    expected: { kind: 'return', id: 7, value: { running: true } },
  },
  {
    name: 'a return of null without id',
    line: '{"return": null}',
    expected: { kind: 'return', id: undefined, value: null },
  },
  {
    name: 'an error',
    line: '{"id": 1, "error": {"class": "CommandNotFound", "desc": "no such command"}}',
    expected: { kind: 'error', id: 1, errorClass: 'CommandNotFound', desc: 'no such command' },
  },
  {
    name: 'an error without words',
    line: '{"error": 5}',
    expected: {
      kind: 'error',
      id: undefined,
      errorClass: 'GenericError',
      desc: 'no reason given',
    },
  },
  {
    name: 'an event with data; its time is rounded to milliseconds',
    line: '{"timestamp": {"seconds": 1700000000, "microseconds": 123600}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}',
    expected: {
      kind: 'event',
      event: {
        event: 'SHUTDOWN',
        data: { guest: true, reason: 'guest-shutdown' },
        at: 1_700_000_000_124,
      },
    },
  },
  {
    name: 'an event without data',
    line: '{"timestamp": {"seconds": 1, "microseconds": 0}, "event": "RESUME"}',
    expected: { kind: 'event', event: { event: 'RESUME', data: {}, at: 1000 } },
  },
  {
    name: 'an event without a time',
    line: '{"event": "RESUME"}',
    expected: { kind: 'unknown' },
  },
  { name: 'another object', line: '{"hello": 1}', expected: { kind: 'unknown' } },
  { name: 'an array', line: '[1]', expected: { kind: 'garbage', text: '[1]' } },
  { name: 'null', line: 'null', expected: { kind: 'garbage', text: 'null' } },
  {
    name: 'a torn line',
    line: '{"event": "SHU',
    expected: { kind: 'garbage', text: '{"event": "SHU' },
  },
  { name: 'nothing', line: '', expected: { kind: 'garbage', text: '' } },
];

test.for(ROWS)('a line of QMP is understood: $name', ({ line, expected }) => {
  expect(parseQmpLine(line)).toEqual(expected);
});

test('a command is one line, without arguments when there are none', () => {
  expect(formatQmpCommand(3, 'cont')).toBe('{"execute":"cont","id":3}\n');
  expect(formatQmpCommand(4, 'eject', { id: 'a\nb' })).toBe(
    '{"execute":"eject","arguments":{"id":"a\\nb"},"id":4}\n',
  );
});
