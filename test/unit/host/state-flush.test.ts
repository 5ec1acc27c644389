import { describe, expect, test } from 'vitest';
import { StateFlush } from '../../../src/host/state-flush.ts';

/** A disk whose flushes end when the test says so. */
function disk() {
  const flushes: PromiseWithResolvers<void>[] = [];
  let [begun, rewrites] = [Promise.withResolvers<void>(), 0];
  let isBroken = false;
  const flush = new StateFlush({
    sync: () => {
      const one = Promise.withResolvers<void>();
      flushes.push(one);
      begun.resolve();
      return one.promise;
    },
    rewrite: () => {
      rewrites += 1;
      if (isBroken) throw new Error('EIO');
    },
  });
  return {
    flush,
    count: () => flushes.length,
    rewrites: () => rewrites,
    breaks: (broken: boolean) => {
      isBroken = broken;
    },
    /** The next flush that begins, or the one under way. */
    next: async () => {
      await begun.promise;
      begun = Promise.withResolvers();
      const one = flushes.at(-1);
      if (one === undefined) throw new Error('no flush has begun');
      return one;
    },
  };
}

describe('commits share flushes', () => {
  test('nothing owed, nothing flushed', async () => {
    const { flush, count } = disk();
    await flush.flushed();
    expect(count()).toBe(0);
  });

  test('all commits of one turn go with one flush', async () => {
    const { flush, count, next } = disk();
    const waiting = Array.from({ length: 50 }, () => {
      flush.owe();
      return flush.flushed();
    });
    (await next()).resolve();
    await Promise.all(waiting);
    await flush.flushed();
    expect(count()).toBe(1);
  });

  test('a commit that is made while one is under way waits for the next one, which serves all such', async () => {
    const { flush, count, next } = disk();
    flush.owe();
    const first = flush.flushed();
    const one = await next();
    flush.owe();
    const late: string[] = [];
    const second = flush.flushed().then(() => late.push('second'));
    flush.owe();
    const third = flush.flushed().then(() => late.push('third'));
    one.resolve();
    await first;
    expect(late).toEqual([]);
    (await next()).resolve();
    await Promise.all([second, third]);
    expect(count()).toBe(2);
  });
});

describe('a flush that fails', () => {
  test('has everything written anew, for a second flush would pass over what was lost', async () => {
    const { flush, count, rewrites, next } = disk();
    flush.owe();
    const waiting = flush.flushed();
    (await next()).reject(new Error('EIO'));
    await waiting;
    expect([count(), rewrites(), flush.isFailed]).toEqual([1, 1, false]);
  });

  test('is told to everybody who waits when that fails, too; it is tried again when somebody asks again', async () => {
    const { flush, count, rewrites, breaks, next } = disk();
    breaks(true);
    flush.owe();
    const waiting = [flush.flushed(), flush.flushed()];
    (await next()).reject(new Error('EIO'));
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ]);
    await expect(flush.flushed()).rejects.toThrow('EIO');
    expect([count(), rewrites(), flush.isFailed]).toEqual([1, 2, true]);
    breaks(false);
    await flush.flushed();
    expect([count(), rewrites(), flush.isFailed]).toEqual([1, 3, false]);
  });
});
