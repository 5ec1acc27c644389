import { expect, test } from 'vitest';
import { beingStopped, stillRun, wouldBeStopped } from '../../../src/cli/format/drain-words.ts';

const vms = (...names: readonly string[]) => names.map((name) => ({ namespace: 'default', name }));

test('guests are counted and named in order', () => {
  expect(stillRun(vms('c', 'a', 'b'))).toBe('3 guests still run: a, b, c');
  expect(stillRun(vms('a'))).toBe('1 guest still runs: a');
  expect(stillRun([{ namespace: 'prod', name: 'db' }])).toBe('1 guest still runs: prod/db');
});

test('many guests are only counted', () => {
  const names = Array.from({ length: 12 }, (_, n) => `vm${n + 10}`);
  expect(stillRun(vms(...names))).toBe(
    `12 guests still run: ${names.slice(0, 10).join(', ')} and 2 more`,
  );
});

test('what is done and what would be done', () => {
  expect(beingStopped(vms('a', 'b'))).toBe('2 guests are being stopped: a, b');
  expect(beingStopped(vms('a'))).toBe('1 guest is being stopped: a');
  expect(beingStopped([])).toBe('no guest runs');
  expect(wouldBeStopped(vms('a'))).toBe('Dry run: 1 guest would be stopped: a');
  expect(wouldBeStopped([])).toBe('Dry run: no guest runs');
});
