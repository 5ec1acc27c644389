/**
 * Every run strategy against everything that can happen: what the file says afterwards, what runs, what the VM is
 * shown as, and what its runs count as. All rows share one daemon.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RUN_STRATEGIES } from '../../src/core/model/virtual-machine.ts';
import { World } from './daemon-harness.ts';
import { CELLS, eventWords, play } from './matrix.ts';
import { withStrategy } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe.for(RUN_STRATEGIES)('%s', (strategy) => {
  const cells = CELLS.filter((row) => row.strategy === strategy);

  test.concurrent.for(cells.map((row) => [eventWords(row.event), row] as const))(
    '%s',
    async ([, row]) => {
      const { strategy: _, event: _event, ...expected } = row;
      const { vm, outcome } = await play(world, row);
      expect(outcome).toEqual(expected);
      expect(vm.text()).toBe(withStrategy(vm.original, row.file));
    },
  );
});

test('every strategy meets every event', () => {
  const seen = new Set(CELLS.map(({ strategy, event }) => `${strategy} ${eventWords(event)}`));
  expect(seen.size).toBe(CELLS.length);
  expect(CELLS.length).toBe(RUN_STRATEGIES.length * (6 + RUN_STRATEGIES.length - 1));
});
