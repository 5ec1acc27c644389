import { expect, test } from 'vitest';
import { isThawDue, thawBeforeStop, thawTried } from '../../../../src/core/strategy/freeze.ts';

test('a thaw that fails is tried again, ever more slowly, and no less often than once a minute', () => {
  let freeze = thawTried({ at: 0, thawAt: 1000 }, 1000);
  const waits: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    const at = freeze.thawAt ?? 0;
    waits.push(at - (freeze.triedAt ?? 0));
    expect(isThawDue(freeze, at - 1)).toBe(false);
    expect(isThawDue(freeze, at)).toBe(true);
    freeze = thawTried(freeze, at);
  }
  expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000]);
});

test('without a time it stays frozen', () => {
  expect(isThawDue({ at: 0 }, Number.MAX_SAFE_INTEGER)).toBe(false);
});

test('a stop thaws once, waits for it a little, and goes on whatever the guest does', () => {
  expect(thawBeforeStop(undefined, 100, 100)).toBeUndefined();
  expect(thawBeforeStop({ at: 0 }, 100, 100)).toEqual({ kind: 'thaw' });
  // An attempt from before the stop was about something else.
  expect(thawBeforeStop({ at: 0, triedAt: 50 }, 100, 100)).toEqual({ kind: 'thaw' });
  const tried = thawTried({ at: 0 }, 100);
  expect(thawBeforeStop(tried, 100, 101)).toEqual({ kind: 'wait', until: 2100 });
  expect(thawBeforeStop(tried, 100, 2100)).toBeUndefined();
});
