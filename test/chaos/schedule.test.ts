/** A seed is a promise: it draws the same schedule each time, and another seed another one. */
import { expect, test } from 'vitest';
import { FLEET } from './fleet.ts';
import { ROUND_MS, schedule } from './schedule.ts';

test('the same seed draws the same schedule', () => {
  expect(schedule(7, 3)).toEqual(schedule(7, 3));
  expect(schedule(8, 3)).not.toEqual(schedule(7, 3));
});

test('a longer run begins like a shorter one', () => {
  expect(schedule(7, 5).slice(0, 4)).toEqual(schedule(7, 2));
});

test('actions come in order, within their round, and to VMs of the fleet', () => {
  const names = new Set<string | undefined>([undefined, ...FLEET.map(({ name }) => name)]);
  for (const { actions } of schedule(1, 30)) {
    const times = actions.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.filter((at) => at < 0 || at >= ROUND_MS)).toEqual([]);
    expect(actions.filter(({ vm }) => !names.has(vm))).toEqual([]);
  }
});

test('half an hour holds every kind of action', () => {
  const kinds = new Set(schedule(1, 30).flatMap(({ actions }) => actions.map((a) => a.deed.kind)));
  expect([...kinds].sort()).toEqual([
    'aim',
    'break-file',
    'command',
    'end-daemon',
    'fill-disk',
    'freeze',
    'instance',
    'key',
    'kill-daemon',
    'monitor',
    'remove-file',
    'signal',
    'write',
  ]);
});
