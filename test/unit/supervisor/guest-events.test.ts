import { expect, test } from 'vitest';
import type { Logger } from '../../../src/ports.ts';
import { EventLog } from '../../../src/supervisor/event-log.ts';
import { GuestEvents } from '../../../src/supervisor/guest-events.ts';
import { Versions } from '../../../src/supervisor/versions.ts';
import { NOW, qmpEvent } from '../../support/build.ts';

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};
const VM = { namespace: 'default', name: 'web' };

/** Reasons of the notes that RESETs at these times (ms) leave. */
function notesOf(times: readonly number[], guest = true): readonly string[] {
  const reasons: string[] = [];
  const store = {
    saveEvent: ({ reason }: { reason: string }) => reasons.push(reason),
    events: () => [],
  };
  const events = new GuestEvents(
    new EventLog(store, new Versions(() => 1), { now: () => NOW }, SILENT),
  );
  for (const ms of times) events.take(VM, qmpEvent('RESET', { guest }, NOW + ms), 'uid');
  return reasons;
}

const every = (ms: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => i * ms);

test('the RESETs of one reboot are one note', () => {
  expect(notesOf([0, 3, 40])).toEqual(['GuestReset']);
});

test.for([
  ['slow', 55_000, 7],
  ['fast', 100, 600],
] as const)('a %s reboot loop is reported, once', ([, ms, count]) => {
  expect(notesOf(every(ms, count)).filter((reason) => reason === 'RebootLoop')).toHaveLength(1);
});

test('a reboot loop that comes again later is reported again', () => {
  const again = every(1000, 5).map((ms) => ms + 200_000);
  const reasons = notesOf([...every(1000, 5), ...again]);
  expect(reasons.filter((reason) => reason === 'RebootLoop')).toHaveLength(2);
});

test.for([
  ['a few reboots', every(10_000, 4), true],
  ['reboots far apart', every(61_000, 10), true],
  ['resets by command', every(2000, 10), false],
] as const)('%s are no loop', ([, times, guest]) => {
  expect(notesOf(times, guest)).not.toContain('RebootLoop');
});

test('a guest that causes notes all the time is told so, and leaves room for others', () => {
  const reasons = notesOf(every(1500, 400));
  // Twenty in each of ten minutes, and a word about the rest.
  expect(reasons.filter((reason) => reason === 'GuestReset')).toHaveLength(200);
  expect(reasons).toContain('TooManyEvents');
  expect(reasons.length).toBeLessThan(220);
});

test('what QEMU says in its own words is one short line without control characters', () => {
  const messages: string[] = [];
  const store = {
    saveEvent: ({ message }: { message: string }) => messages.push(message),
    events: () => [],
  };
  const events = new GuestEvents(
    new EventLog(store, new Versions(() => 1), { now: () => NOW }, SILENT),
  );
  const data = { device: 'd0', msg: `\x1b[2J\nfake ${'x'.repeat(10_000)}` };
  events.take(VM, qmpEvent('BLOCK_IMAGE_CORRUPTED', data, NOW), 'uid');
  expect(messages).toHaveLength(1);
  expect(messages[0]).toContain('\\x1b[2J fake');
  expect(messages[0]?.length).toBeLessThan(300);
});
