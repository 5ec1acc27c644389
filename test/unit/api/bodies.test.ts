import { describe, expect, test } from 'vitest';
import { restartBody, startBody, stopBody } from '../../../src/api/bodies.ts';
import { selectionOf } from '../../../src/api/selection.ts';

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
    ['an unknown dry run', () => startBody({ dryRun: ['Some'] }), '["All"]'],
    ['paused in words', () => startBody({ paused: 'yes' }), 'true or false'],
  ])('%s is refused', ([, read, words]) => {
    expect(read).toThrow(words);
  });
});

describe('a selection', () => {
  const web = {
    namespace: 'prod',
    labels: { app: 'web' },
    fields: { 'metadata.name': 'web', 'metadata.namespace': 'prod' },
  };
  const select = (query: string, namespace?: string): boolean =>
    selectionOf(namespace, new URLSearchParams(query), Object.keys(web.fields))(web);

  test.for<readonly [string, boolean]>([
    ['', true],
    ['fieldSelector=metadata.name%3Dweb', true],
    ['fieldSelector=metadata.name!%3Dweb', false],
    ['fieldSelector=metadata.name%3Dmy%20vm.yaml', false],
    ['fieldSelector=metadata.name%3D%3Dweb,metadata.namespace%3Ddev', false],
    ['labelSelector=app%3Dweb', true],
    ['labelSelector=app!%3Dweb', false],
    ['labelSelector=app', true],
    ['labelSelector=!app', false],
    ['labelSelector=tier%3Dfront', false],
  ])('%s: %s', ([query, expected]) => {
    expect(select(query)).toBe(expected);
  });

  test('keeps to its namespace', () => {
    expect([select('', 'prod'), select('', 'dev')]).toEqual([true, false]);
  });

  test('that is not understood is refused, not ignored', () => {
    expect(() => select('fieldSelector=spec.running%3Dtrue')).toThrow('not supported');
    expect(() => select('fieldSelector=metadata.name%3Da%3Db')).toThrow('not understood');
    expect(() => select('labelSelector=app%20in%20(a)')).toThrow('not understood');
  });
});
