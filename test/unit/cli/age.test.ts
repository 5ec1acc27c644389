import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatAge,
  formatElapsed,
  formatInstant,
  formatInstantAgo,
  formatUntil,
  parseDuration,
  parseTime,
} from '../../../src/cli/format/age.ts';
import { ago, NOW } from './objects.ts';

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test.for([
  [-5 * S, '0s'],
  [0, '0s'],
  [999, '0s'],
  [119 * S, '119s'],
  [2 * M, '2m'],
  [5 * M + 12 * S, '5m12s'],
  [10 * M, '10m'],
  [179 * M, '179m'],
  [3 * H + 5 * M, '3h5m'],
  [8 * H + 59 * M, '8h'],
  [47 * H, '47h'],
  [2 * D + 3 * H, '2d3h'],
  [8 * D + 3 * H, '8d'],
  [400 * D, '400d'],
] as const)('an age of %d ms reads %s', ([ms, text]) => {
  expect(formatAge(ms)).toBe(text);
});

test.for([
  [0, '0.0 s'],
  [1234, '1.2 s'],
  [65 * S, '65s'],
  [3 * M, '3m'],
] as const)('a measured time of %d ms reads %s', ([ms, text]) => {
  expect(formatElapsed(ms)).toBe(text);
});

test.for([
  [NOW - 1, 'now'],
  [NOW, 'now'],
  [NOW + 1, 'in 1s'],
  [NOW + 42 * S, 'in 42s'],
] as const)('a future instant is counted down, never to 0s', ([at, text]) => {
  expect(formatUntil(at, NOW)).toBe(text);
});

test.for([
  ['30s', 30 * S],
  ['2m', 2 * M],
  ['1h30m', 90 * M],
  ['1.5s', 1500],
  ['500ms', 500],
  ['90', 90 * S],
] as const)('the duration %s is %d ms', ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
});

test.for(['', '0', '0s', '-5s', 'soon', '5x', '5m later', 's', '1e3', '1 m'])(
  'the text %j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('whole seconds, minutes and hours are read back as their sum', () => {
  const part = fc.integer({ min: 1, max: 500 });
  fc.assert(
    fc.property(part, part, part, (h, m, s) => {
      expect(parseDuration(`${h}h${m}m${s}s`)).toBe(h * H + m * M + s * S);
    }),
  );
});

test('an absent or malformed time is undefined and shows as a dash', () => {
  expect(parseTime(null)).toBeUndefined();
  expect(parseTime(undefined)).toBeUndefined();
  expect(parseTime('yesterday')).toBeUndefined();
  expect(parseTime('1970-01-01T00:00:00Z')).toBeUndefined();
  expect(formatInstant('yesterday')).toBe('-');
  expect(formatInstantAgo(undefined, NOW)).toBe('-');
});

test('an instant is shown in UTC with its age', () => {
  expect(formatInstantAgo(ago(300), NOW)).toBe('2026-11-22T11:55:00Z (5m ago)');
});
