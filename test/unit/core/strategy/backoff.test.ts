import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_BACKOFF,
  type Ending,
  isUnstable,
  NO_BACKOFF,
  nextBackoff,
} from '../../../../src/core/strategy/backoff.ts';
import { NOW } from '../../../support/build.ts';

const ranFor = (seconds: number, outcome: Ending['outcome']): Ending => ({
  outcome,
  runningAt: NOW - seconds * 1000,
  endedAt: NOW,
});
const neverRan: Ending = { outcome: 'Failed', endedAt: NOW };

describe('an ending is unstable', () => {
  test.for<readonly [string, Ending, boolean]>([
    ['failed and never ran', neverRan, true],
    ['failed after 599 s', ranFor(599, 'Failed'), true],
    ['failed after 600 s', ranFor(600, 'Failed'), false],
    ['succeeded after 9 s', ranFor(9, 'Succeeded'), true],
    ['succeeded after 10 s', ranFor(10, 'Succeeded'), false],
  ])('%s: %s', ([, ending, unstable]) => {
    expect(isUnstable(ending, DEFAULT_BACKOFF)).toBe(unstable);
  });
});

/** Wait in seconds after the k-th unstable ending, without and with the largest jitter. */
const WAITS: readonly (readonly [
  k: number,
  ran: readonly [number, number],
  not: readonly [number, number],
])[] = [
  [1, [0, 0], [10, 15]],
  [2, [10, 15], [40, 60]],
  [3, [40, 60], [90, 135]],
  [4, [90, 135], [160, 240]],
  [5, [160, 240], [250, 300]],
  [6, [250, 300], [300, 300]],
  [7, [300, 300], [300, 300]],
];

describe('the wait after the k-th unstable ending in a row', () => {
  test.for(WAITS)('k = %i: %o s when the guest had run, %o s when it had not', ([k, ran, not]) => {
    const waitAfter = (ending: Ending, jitter: number): number => {
      const { retryAt } = nextBackoff({ unstable: k - 1 }, ending, jitter);
      return ((retryAt ?? NOW) - NOW) / 1000;
    };
    const most = 1 - Number.EPSILON;
    expect([waitAfter(ranFor(1, 'Failed'), 0), waitAfter(ranFor(1, 'Failed'), most)]).toEqual(ran);
    expect([waitAfter(neverRan, 0), waitAfter(neverRan, most)]).toEqual(not);
  });

  test('of 0 s is none: there is no instant to show', () => {
    expect(nextBackoff({ unstable: 0 }, ranFor(1, 'Failed'), 0)).toEqual({ unstable: 1 });
  });

  test('a stable run clears it', () => {
    expect(nextBackoff({ unstable: 5, retryAt: NOW }, ranFor(600, 'Failed'), 0)).toEqual(
      NO_BACKOFF,
    );
  });

  test('it never exceeds the cap and never lies in the past', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999, noNaN: true }), (k, jitter) => {
        const wait = (nextBackoff({ unstable: k }, neverRan, jitter).retryAt ?? 0) - NOW;
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(DEFAULT_BACKOFF.capSeconds * 1000);
      }),
    );
  });
});
