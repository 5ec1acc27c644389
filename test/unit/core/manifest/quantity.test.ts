import { describe, expect, test } from 'vitest';
import {
  bytesRoundedUp,
  parseQuantity,
  suggestQuantity,
  wholeUnits,
} from '../../../../src/core/manifest/quantity.ts';

describe('quantities', () => {
  test.for([
    ['0', 0n],
    ['1', 1n],
    ['+1', 1n],
    ['128974848', 128974848n],
    ['1e9', 10n ** 9n],
    ['1E9', 10n ** 9n],
    ['1E', 10n ** 18n],
    ['1.5Gi', 1610612736n],
    ['1.', 1n],
    ['.5', 1n],
    ['512M', 512_000_000n],
    ['1k', 1000n],
    ['1Ki', 1024n],
    ['1Ei', 1024n ** 6n],
    ['500m', 1n],
    ['1500m', 2n],
    ['1000m', 1n],
    ['1n', 1n],
    ['0.0000000001', 1n],
    ['100e-2', 1n],
    ['-1', -1n],
    ['-1.5', -1n],
  ] as const)('%s are %s units, rounded up', ([text, units]) => {
    const parsed = parseQuantity(text);
    expect(parsed).toBeDefined();
    expect(wholeUnits(parsed ?? 0n)).toBe(units);
  });

  test.for([
    '',
    ' ',
    'x',
    '1 Gi',
    '512MB',
    '1GiB',
    'Gi',
    '.',
    '1e',
    '1ki',
    '1K',
    '0x10',
    '1_000',
    '١',
    '1e99',
    '1e-99',
    '9'.repeat(50),
    'Infinity',
    'NaN',
  ])('%j is none', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  test('are rounded up to a step', () => {
    expect(bytesRoundedUp(parseQuantity('1') ?? 0n, 1024n)).toBe(1024n);
    expect(bytesRoundedUp(parseQuantity('1Ki') ?? 0n, 1024n)).toBe(1024n);
    expect(bytesRoundedUp(parseQuantity('1025') ?? 0n, 1024n)).toBe(2048n);
  });

  test.for([
    ['512MB', '512M'],
    ['1GiB', '1Gi'],
    ['1 gi', '1Gi'],
    ['1g', '1G'],
    ['1K', '1k'],
    ['100b', '100'],
    ['1kib', '1Ki'],
    ['much', undefined],
    ['1x', undefined],
  ] as const)('%j was probably meant as %j', ([text, expected]) => {
    expect(suggestQuantity(text)).toBe(expected);
  });

  test('cannot be made slow by long text', () => {
    expect(suggestQuantity(`1${' '.repeat(1_000_000)}!`)).toBeUndefined();
    expect(parseQuantity(`${'1'.repeat(1_000_000)}!`)).toBeUndefined();
  });
});
