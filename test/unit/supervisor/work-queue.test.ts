import { describe, expect, test } from 'vitest';
import { WorkQueue } from '../../../src/supervisor/work-queue.ts';

function gate() {
  return Promise.withResolvers<void>();
}

describe('the work queue', () => {
  test('runs one more pass for a key that was added while its pass ran, however often', async () => {
    const first = gate();
    const passes: string[] = [];
    const queue = new WorkQueue({
      pass: async (key) => {
        passes.push(key);
        if (passes.length === 1) await first.promise;
      },
      onError: () => {},
    });
    queue.add('web');
    await queue.exclusive('other', async () => {});
    for (let i = 0; i < 5; i += 1) queue.add('web');
    first.resolve();
    await queue.exclusive('web', async () => {});
    expect(passes).toEqual(['web', 'web']);
    await queue[Symbol.asyncDispose]();
  });

  test('holds every pass back until it is opened, and runs commands meanwhile', async () => {
    const done: string[] = [];
    const queue = new WorkQueue({
      held: true,
      pass: async (key) => void done.push(key),
      onError: () => {},
    });
    queue.add('web');
    queue.add('web');
    await queue.exclusive('web', async () => void done.push('command'));
    expect(done).toEqual(['command']);
    queue.open();
    await queue.exclusive('web', async () => {});
    expect(done).toEqual(['command', 'web']);
    await queue[Symbol.asyncDispose]();
  });

  test('lets no key wait for another', async () => {
    const stuck = gate();
    const done: string[] = [];
    const queue = new WorkQueue({
      pass: async (key) => {
        if (key === 'stuck') await stuck.promise;
        done.push(key);
      },
      onError: () => {},
    });
    queue.add('stuck');
    queue.add('free');
    await queue.exclusive('free', async () => {});
    expect(done).toEqual(['free']);
    stuck.resolve();
    await queue[Symbol.asyncDispose]();
    expect(done).toEqual(['free', 'stuck']);
  });

  test('never runs a task and a pass of one key at the same time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await Promise.resolve();
      inside -= 1;
    };
    const queue = new WorkQueue({ pass: work, onError: () => {} });
    const tasks = [1, 2, 3].map(() => {
      queue.add('web');
      return queue.exclusive('web', work);
    });
    await Promise.all(tasks);
    await queue[Symbol.asyncDispose]();
    expect(most).toBe(1);
  });

  test('goes on after a pass that failed, and tells of it', async () => {
    const errors: unknown[] = [];
    let passes = 0;
    const queue = new WorkQueue({
      pass: () => {
        passes += 1;
        return passes === 1 ? Promise.reject(new Error('disk full')) : Promise.resolve();
      },
      onError: (key, error) => errors.push([key, String(error)]),
    });
    queue.add('web');
    await queue.exclusive('web', async () => {});
    queue.add('web');
    await queue.exclusive('web', async () => {});
    await queue[Symbol.asyncDispose]();
    expect([passes, errors]).toEqual([2, [['web', 'Error: disk full']]]);
  });

  test('gives the result and the error of a task to whoever asked', async () => {
    const queue = new WorkQueue({ pass: async () => {}, onError: () => {} });
    await expect(queue.exclusive('web', async () => 42)).resolves.toBe(42);
    await expect(queue.exclusive('web', () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    await queue[Symbol.asyncDispose]();
  });

  test('of several appointments keeps the earliest', async () => {
    const passed = gate();
    let passes = 0;
    const queue = new WorkQueue({
      pass: async () => {
        passes += 1;
        passed.resolve();
      },
      onError: () => {},
    });
    queue.addIn('web', 3_600_000);
    queue.addIn('web', 1);
    queue.addIn('web', 1_800_000);
    await passed.promise;
    await queue[Symbol.asyncDispose]();
    expect(passes).toBe(1);
  });
});
