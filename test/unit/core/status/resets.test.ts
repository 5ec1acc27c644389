import { expect, test } from 'vitest';
import { NO_RESETS, tallyReset } from '../../../../src/core/status/resets.ts';
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
