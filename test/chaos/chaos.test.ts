/** A short chaos run with a seed of its own each time; see docs/chaos.md. */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runChaos } from './run.ts';

const MINUTES = 3;
/** Put the seed of a failure in its place to repeat it. */
const SEED = Date.now() % 1_000_000;

test(`${MINUTES} minutes of chaos, seed ${SEED}`, async ({ signal }) => {
  const report = await runChaos({
    seed: SEED,
    minutes: MINUTES,
    program: resolve(import.meta.dirname, '../../src/main.ts'),
    signal,
    say: () => {},
  });
  const { violation, story, dir } = report;
  const again = `npm run chaos -- --minutes ${MINUTES} --seed ${SEED}\n${dir}`;
  expect(
    violation === undefined
      ? 'no violation'
      : [...story, violation.invariant, violation.vm, violation.message, again].join('\n'),
  ).toBe('no violation');
});
