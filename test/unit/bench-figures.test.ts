import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Figure, quantile, regressions, resultOf, table } from '../../bench/figures.ts';

function figure(own: number, other: number): Figure {
  return {
    id: 'start',
    what: 'start',
    unit: 'ms',
    series: [
      { by: 'solovirt', values: [own] },
      { by: 'virsh', values: [other] },
    ],
    target: { words: '≤ 10 ms', isMet: (value) => value('solovirt') <= 10 },
  };
}

test('a quantile is one of the readings, and the middle one of three is the median', () => {
  expect(quantile([9, 1, 5], 0.5)).toBe(5);
  expect(quantile([9, 1, 5], 0)).toBe(1);
  expect(quantile([9, 1, 5], 1)).toBe(9);
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, part) => {
        expect(values).toContain(quantile(values, part));
      },
    ),
  );
});

describe('a run is compared with the stored one by its ratios', () => {
  const stored = [resultOf(figure(10, 100))];

  test.each([
    ['a machine that is twice as slow', 20, 200, 0],
    ['a little worse', 13, 100, 0],
    ['half as fast beside the other', 20, 100, 1],
    ['better', 5, 100, 0],
  ])('%s', (_, own, other, worse) => {
    expect(regressions(stored, [resultOf(figure(own, other))])).toHaveLength(worse);
  });

  test('what was never stored cannot have become worse', () => {
    expect(regressions([], stored)).toEqual([]);
  });
});

describe('a figure that shows a tail', () => {
  const tail = (own: readonly number[], more: Partial<Figure> = {}): Figure => ({
    ...figure(0, 0),
    series: [
      { by: 'solovirt', values: own },
      { by: 'virsh', values: [1, 2, 3] },
    ],
    quantile: 1,
    ...more,
  });
  const stored = [resultOf(tail([2, 4, 9]))];

  test('shows the median beside it', () => {
    expect(table(stored)).toContain(
      'solovirt **9.00** (median 4.00, 2.00–9.00)<br>virsh **3.00** (median 2.00, 1.00–3.00)',
    );
  });

  test.for<[string, readonly number[], Partial<Figure>, number]>([
    ['a longer tail', [2, 4, 900], {}, 0],
    ['a higher median', [2, 8, 9], {}, 1],
    ['a higher median of what is fickle', [2, 8, 9], { fickle: true }, 0],
  ])('is compared by it: %s', ([, own, more, worse]) => {
    expect(regressions(stored, [resultOf(tail(own, more))])).toHaveLength(worse);
  });

  test('is not compared with a run that stored no medians', () => {
    const [{ medians: _, ...older } = resultOf(tail([]))] = stored;
    expect(regressions([older], [resultOf(tail([2, 8, 9]))])).toEqual([]);
  });
});

test('a table says what was measured of whom, and whether the target was reached', () => {
  expect(table([resultOf(figure(20, 100))])).toContain(
    '| start | ms | solovirt **20.0**<br>virsh **100** | ≤ 10 ms: **missed** |',
  );
});
