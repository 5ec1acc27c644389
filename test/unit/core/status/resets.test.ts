import { expect, test } from 'vitest';
import { loopUntil, NO_RESETS, tallyReset } from '../../../../src/core/status/resets.ts';
import { NOW, qmpEvent } from '../../../support/build.ts';

test('the two or three RESETs of one reboot count once', () => {
  const at = [0, 3, 40, 5000, 5002, 60_000];
  const events = at.map((ms) => qmpEvent('RESET', { guest: true }, NOW + ms));
  const mixed = [qmpEvent('RESUME'), ...events, qmpEvent('POWERDOWN')];
  expect(mixed.reduce(tallyReset, NO_RESETS).count).toBe(3);
});

test('a guest in a fast reboot loop does not look like one long reset', () => {
  const events = Array.from({ length: 50 }, (_, i) =>
    qmpEvent('RESET', { guest: true }, NOW + i * 100),
  );
  expect(events.reduce(tallyReset, NO_RESETS).count).toBe(9);
});

test.for<[string, readonly number[], number | undefined]>([
  ['four in a row', [0, 1, 2, 3], undefined],
  ['five in a row', [0, 1, 2, 3, 4], 64],
  ['five, slowly', [0, 50, 100, 150, 200], 260],
  ['five, and a rest among them', [0, 1, 2, 63, 64], undefined],
  ['five after a rest', [0, 1, 63, 64, 65, 66, 67], 127],
])('a loop until when: %s', ([, seconds, until]) => {
  const events = seconds.map((s) => qmpEvent('RESET', { guest: true }, NOW + s * 1000));
  const expected = until === undefined ? undefined : NOW + until * 1000;
  expect(loopUntil(events.reduce(tallyReset, NO_RESETS))).toBe(expected);
});

test('resets by the host are no loop, and end one', () => {
  const reset = (s: number, guest: boolean) => qmpEvent('RESET', { guest }, NOW + s * 1000);
  const byHost = [0, 1, 2, 3, 4, 5].map((s) => reset(s, false));
  expect(loopUntil(byHost.reduce(tallyReset, NO_RESETS))).toBeUndefined();
  const ended = [...[0, 1, 2, 3, 4].map((s) => reset(s, true)), reset(5, false)];
  expect(loopUntil(ended.reduce(tallyReset, NO_RESETS))).toBeUndefined();
});
