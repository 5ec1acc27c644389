import { expect, test } from 'vitest';
import { resetDelay } from '../../../../src/core/strategy/reset-delay.ts';
import { NOW } from '../../../support/build.ts';

test.for<readonly [string, readonly (number | undefined)[], number]>([
  ['a guest whose start nobody saw', [undefined, undefined], 0],
  ['a guest that has run for long', [NOW - 60_000, undefined], 0],
  ['a guest that begins to run', [NOW, undefined], 500],
  ['a guest that began a moment ago', [NOW - 100, undefined], 400],
  ['a guest that was reset a moment ago', [NOW - 60_000, NOW - 200], 300],
  ['a clock that was set back', [NOW + 60_000, undefined], 500],
])('%s', ([, began, delay]) => {
  expect(resetDelay(began, NOW)).toBe(delay);
});
