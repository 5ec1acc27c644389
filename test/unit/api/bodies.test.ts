import { describe, expect, test } from 'vitest';
import { restartBody, startBody, stopBody } from '../../../src/api/bodies.ts';

describe('the options of a subresource', () => {
  test.for<readonly [string, () => object, object]>([
    ['nothing', () => stopBody({}), { dryRun: false }],
    ['grace period', () => stopBody({ gracePeriod: 0 }), { gracePeriodSeconds: 0, dryRun: false }],
    ['null is absent', () => stopBody({ gracePeriod: null }), { dryRun: false }],
    ['dry run', () => restartBody({ dryRun: ['All'] }), { dryRun: true }],
    ['paused', () => startBody({ paused: true }), { paused: true, dryRun: false }],
    [
      'type sent along',
      () => startBody({ kind: 'StartOptions', apiVersion: 'v1' }),
      { paused: false, dryRun: false },
    ],
  ])('%s', ([, read, expected]) => {
    expect(read()).toEqual(expected);
  });

  test.for<readonly [string, () => object, string]>([
    ['an array', () => stopBody([]), 'must be a JSON object'],
    ['a misspelt field', () => stopBody({ gracePeriodSeconds: 1 }), 'known here: gracePeriod'],
    ['a negative grace period', () => restartBody({ gracePeriodSeconds: -1 }), 'not -1'],
    ['a grace period in words', () => stopBody({ gracePeriod: '5' }), 'not "5"'],
    ['half a second', () => stopBody({ gracePeriod: 0.5 }), 'not 0.5'],
    ['a body that is not JSON', () => stopBody(undefined), 'media type application/json'],
    ['an unknown dry run', () => startBody({ dryRun: ['Some'] }), '["All"]'],
    ['paused in words', () => startBody({ paused: 'yes' }), 'true or false'],
  ])('%s is refused', ([, read, words]) => {
    expect(read).toThrow(words);
  });
});
