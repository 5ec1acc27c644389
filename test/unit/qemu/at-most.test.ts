import { describe, expect, test } from 'vitest';
import { AtMost } from '../../../src/qemu/at-most.ts';

describe('at most so many tasks at once', () => {
  test('the others wait, and begin in the order of asking', async () => {
    const places = new AtMost(2);
    const begun: number[] = [];
    const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const all = ends.map(({ promise }, i) =>
      places.run(async () => {
        begun.push(i);
        await promise;
      }),
    );
    await turn();
    expect(begun).toEqual([0, 1]);
    ends[1]?.resolve();
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    for (const { resolve } of ends) resolve();
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  test('one that fails gives its place up, and its error to whoever asked', async () => {
    const places = new AtMost(1);
    const failing = places.run(() => Promise.reject(new Error('no')));
    const next = places.run(() => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await places.run(() => Promise.resolve('again'))).toBe('again');
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
