import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  interrupted,
  type ProbeResult,
  type ProbeState,
  probed,
  UNPROBED,
} from '../../../../src/core/probe/probe-state.ts';
import { probeSpec } from '../../../support/build.ts';

/** `+` a success, `-` a failure, `|` a rest. */
function after(results: string, successThreshold: number, failureThreshold: number): ProbeState {
  const spec = probeSpec({ successThreshold, failureThreshold });
  return [...results].reduce(
    (state, sign) =>
      sign === '|' ? interrupted(state) : probed(state, sign === '+' ? 'success' : 'failure', spec),
    UNPROBED,
  );
}

test.for<[string, number, number, ProbeResult | undefined]>([
  ['', 1, 3, undefined],
  ['+', 1, 3, 'success'],
  ['--', 1, 3, undefined],
  ['---', 1, 3, 'failure'],
  ['--+', 1, 3, 'success'],
  ['+--', 1, 3, 'success'],
  ['+---', 1, 3, 'failure'],
  ['+--+--', 1, 3, 'success'],
  ['---+', 2, 3, 'failure'],
  ['---++', 2, 3, 'success'],
  ['+-', 2, 1, 'failure'],
  ['+--|-', 1, 3, 'success'],
  ['+--|---', 1, 3, 'failure'],
  ['+|+', 2, 3, undefined],
])('%s with thresholds %i and %i comes to %s', ([results, success, failure, verdict]) => {
  expect(after(results, success, failure).verdict).toBe(verdict);
});

test('the last results in a row decide, whatever came before', () => {
  const signs = fc.string({ unit: fc.constantFrom('+', '-', '|'), maxLength: 30 });
  const threshold = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(signs, threshold, threshold, (before, success, failure) => {
      expect(after(before + '+'.repeat(success), success, failure).verdict).toBe('success');
      expect(after(before + '-'.repeat(failure), success, failure).verdict).toBe('failure');
    }),
  );
});

test('too few results in a row change nothing', () => {
  const signs = fc.string({ unit: fc.constantFrom('+', '-'), maxLength: 30 });
  fc.assert(
    fc.property(signs, fc.integer({ min: 2, max: 5 }), (before, threshold) => {
      const held = after(`${before}+`, threshold, threshold);
      const few = '-'.repeat(threshold - 1);
      expect(after(`${before}+${few}`, threshold, threshold).verdict).toBe(held.verdict);
    }),
  );
});
