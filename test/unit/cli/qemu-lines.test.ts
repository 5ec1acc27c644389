import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesSince } from '../../../src/cli/qemu-lines.ts';

const LOG = `before any date
2026-11-22T10:00:00.000001Z qemu: early
its second line
2026-11-22T11:00:00.5Z qemu: late
and what follows
`;
const NOON = Date.parse('2026-11-22T10:30:00Z');

test('lines with a date are kept from then on, others go with the one before', () => {
  expect(linesSince(NOON, false)(LOG)).toBe(
    '2026-11-22T11:00:00.5Z qemu: late\nand what follows\n',
  );
});

test('what comes before the first date is kept if the run began later', () => {
  expect(linesSince(NOON, true)(LOG)).toMatch(/^before any date\n2026-11-22T11/);
});

test('wherever the chunks are cut, the result is the same', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(LOG.length), { maxLength: 10 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), LOG.length];
      const filter = linesSince(NOON, true);
      const chunks = at.slice(1).map((end, index) => filter(LOG.slice(at[index], end)));
      expect(chunks.join('')).toBe(linesSince(NOON, true)(LOG));
    }),
  );
});
