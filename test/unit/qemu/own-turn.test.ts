import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ownTurn } from '../../../src/qemu/own-turn.ts';

test('whoever asks at once gets turns in order, with room for others between any two', async () => {
  const order: string[] = [];
  const asked = ['a', 'b', 'c'].map((name) => ownTurn().then(() => order.push(name)));
  for (let turn = 1; turn <= 3; turn += 1) {
    await nextTurn();
    order.push(`other ${turn}`);
  }
  await Promise.all(asked);
  expect(order.filter((name) => name.length === 1)).toEqual(['a', 'b', 'c']);
  for (const [first, second] of [
    ['a', 'b'],
    ['b', 'c'],
  ] as const)
    expect(order.indexOf(second) - order.indexOf(first)).toBeGreaterThan(1);
});
