import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VmStatsObject } from '../../../src/api/contract-stats.ts';
import { sortedUsage, usageOf, type VmUsage } from '../../../src/cli/format/usage.ts';
import { bytes } from '../../../src/cli/format/usage-columns.ts';

const AT = Date.parse('2026-11-22T12:00:00Z');

function stats(seconds: number, parts: Partial<VmStatsObject> = {}): VmStatsObject {
  return {
    apiVersion: 'solovirt.io/v1',
    kind: 'VirtualMachineStats',
    metadata: { name: 'web', namespace: 'default' },
    timestamp: new Date(AT + seconds * 1000).toISOString(),
    instance: { uid: 'a' },
    cpu: { count: 2, usageSeconds: seconds * 1.5 },
    memory: { guestBytes: 1024, residentBytes: 2048 },
    disks: [disk('root', seconds)],
    ...parts,
  };
}

function disk(name: string, seconds: number) {
  return {
    name,
    readBytes: seconds * 100,
    writeBytes: seconds * 50,
    readOperations: seconds * 10,
    writeOperations: seconds * 5,
    flushOperations: 0,
    readSeconds: 0,
    writeSeconds: 0,
    flushSeconds: 0,
  };
}

describe('rates', () => {
  test('are differences over the time between', () => {
    expect(usageOf(stats(10), stats(14))).toEqual({
      metadata: { name: 'web', namespace: 'default' },
      timestamp: '2026-11-22T12:00:14.000Z',
      instance: { uid: 'a' },
      cpu: { count: 2, used: 1.5 },
      memory: { guestBytes: 1024, residentBytes: 2048 },
      disks: [
        {
          name: 'root',
          readBytesPerSecond: 100,
          writeBytesPerSecond: 50,
          readOperationsPerSecond: 10,
          writeOperationsPerSecond: 5,
        },
      ],
    });
  });

  test.for([
    ['a first look', undefined, stats(4)],
    ['another instance', stats(0, { instance: { uid: 'b' } }), stats(4)],
    ['no time between', stats(4), stats(4)],
    ['a clock that was set back', stats(9), stats(4)],
  ] as const)('%s has none', ([, before, after]) => {
    const usage = usageOf(before, after);
    expect(usage.cpu).toEqual({ count: 2 });
    expect(usage.disks).toBeUndefined();
  });

  test('a counter that went back has none', () => {
    const before = stats(0, { cpu: { count: 2, usageSeconds: 99 } });
    expect(usageOf(before, stats(4)).cpu).toEqual({ count: 2 });
  });

  test('a VM that is down, and one whose QEMU hangs', () => {
    const { metadata, timestamp, apiVersion, kind } = stats(4);
    expect(usageOf(stats(0), { metadata, timestamp, apiVersion, kind })).toEqual({
      metadata,
      timestamp,
    });
    const { disks: _, ...rest } = stats(4);
    expect(usageOf(stats(0), { ...rest, missing: 'late' })).toMatchObject({
      cpu: { used: 1.5 },
      missing: 'late',
    });
  });
});

test('the largest comes first, what is not known last, names decide', () => {
  const of = (name: string, used?: number): VmUsage => ({
    metadata: { name, namespace: 'default' },
    timestamp: '',
    cpu: { count: 1, ...(used === undefined ? {} : { used }) },
  });
  const names = (by: 'cpu' | 'name') =>
    sortedUsage([of('c'), of('b', 0), of('d', 2), of('a', 0)], by).map((u) => u.metadata.name);
  expect(names('cpu')).toEqual(['d', 'a', 'b', 'c']);
  expect(names('name')).toEqual(['a', 'b', 'c', 'd']);
});

test.for([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [10_240, '10 KiB'],
  [1_048_575, '1.0 MiB'],
  [312 * 1024 * 1024, '312 MiB'],
  [1.5 * 1024 ** 3, '1.5 GiB'],
] as const)('%i bytes are %s', ([value, text]) => {
  expect(bytes(value)).toBe(text);
});

test('no amount of bytes needs more than eight characters', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(bytes(value).length).toBeLessThanOrEqual(8);
    }),
  );
});
