import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QmpClosedError, QmpCommandError, QmpTimeoutError } from '../../../src/qemu/qmp-error.ts';
import type { BoardChange } from '../../../src/supervisor/board.ts';
import { Histogram } from '../../../src/supervisor/histogram.ts';
import type { VmSnapshot } from '../../../src/supervisor/snapshot.ts';
import { Tally } from '../../../src/supervisor/tally.ts';

test('a histogram counts each value once in every bucket that holds it', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (values) => {
      const histogram = new Histogram([1, 5, 10]);
      for (const value of values) histogram.observe(value);
      const atMost = (bound: number) => values.filter((value) => value <= bound).length;
      expect(histogram.cumulative()).toEqual([1, 5, 10].map(atMost));
      expect(histogram.count).toBe(values.length);
      expect(histogram.sum).toBeCloseTo(values.reduce((sum, value) => sum + value, 0));
    }),
  );
});

interface Shown {
  readonly uid?: string;
  readonly createdAt?: number;
  readonly spawnedAt?: number;
  readonly runningAt?: number;
  readonly stopSince?: number;
  readonly ended?: { readonly uid: string; readonly endedAt: number };
}

function snapshot({ uid, createdAt = 1000, spawnedAt, runningAt, stopSince, ended }: Shown) {
  return {
    record: {
      ...(uid === undefined
        ? {}
        : {
            instance: {
              uid,
              createdAt,
              runningAt,
              ...(stopSince === undefined ? {} : { stop: { since: stopSince } }),
            },
          }),
    },
    instance: { spawnedAt },
    history:
      ended === undefined ? [] : [{ ...ended, startedAt: 0, verdict: { outcome: 'Succeeded' } }],
  } as unknown as VmSnapshot;
}

function told(...shown: readonly Shown[]): Tally {
  const tally = new Tally();
  const snapshots = shown.map(snapshot);
  snapshots.slice(1).forEach((next, index) => {
    const change = { type: 'MODIFIED', snapshot: next, previous: snapshots[index] };
    tally.take(change as BoardChange);
  });
  return tally;
}

describe('a start', () => {
  test('is counted once, from its record on', () => {
    const { starts } = told(
      {},
      { uid: 'a' },
      { uid: 'a', spawnedAt: 1200 },
      { uid: 'a', spawnedAt: 1200, runningAt: 1500 },
      { uid: 'a', spawnedAt: 1200, runningAt: 1500 },
    );
    expect([starts.spawned.count, starts.spawned.sum]).toEqual([1, 0.2]);
    expect([starts.running.count, starts.running.sum]).toEqual([1, 0.5]);
  });

  test('of an instance that was taken over counts from where it is seen to run', () => {
    const { starts } = told({ uid: 'a' }, { uid: 'a', runningAt: 1500 });
    expect([starts.spawned.count, starts.running.count]).toEqual([0, 1]);
  });

  test('is told from the one before', () => {
    const { starts } = told(
      { uid: 'a', spawnedAt: 1200, runningAt: 1500 },
      { uid: 'b', createdAt: 5000, spawnedAt: 5100 },
      { uid: 'b', createdAt: 5000, spawnedAt: 5100, runningAt: 5400 },
    );
    expect([starts.spawned.sum, starts.running.sum]).toEqual([0.1, 0.4]);
  });
});

describe('a stop', () => {
  const running = { uid: 'a', spawnedAt: 1100, runningAt: 1200 };

  test('is counted from its beginning to the end of QEMU', () => {
    const { stops } = told(
      running,
      { ...running, stopSince: 2000 },
      { ended: { uid: 'a', endedAt: 4500 } },
    );
    expect([stops.Succeeded.count, stops.Succeeded.sum]).toEqual([1, 2.5]);
    expect(stops.Failed.count).toBe(0);
  });

  test('nobody asked for is none', () => {
    const { stops } = told(running, { ended: { uid: 'a', endedAt: 4500 } });
    expect([stops.Succeeded.count, stops.Failed.count]).toEqual([0, 0]);
  });
});

test('failures of commands are told apart', () => {
  const tally = new Tally();
  tally.qmpFailed('cont', new QmpTimeoutError('late'));
  tally.qmpFailed('cont', new QmpCommandError('cont', 'GenericError', 'no'));
  tally.qmpFailed('stop', new QmpClosedError('gone'));
  tally.qmpFailed('quit', new QmpClosedError('gone'));
  expect([...tally.qmpFailures]).toEqual([
    ['cont', { refused: 1, timeout: 1, closed: 0 }],
    ['stop', { refused: 0, timeout: 0, closed: 1 }],
  ]);
});

test('passes are counted with their failures', async () => {
  const tally = new Tally();
  await tally.timed(() => Promise.resolve());
  await expect(tally.timed(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect([tally.passes.count, tally.passFailures]).toEqual([2, 1]);
});
