/**
 * Real guests, a seeded schedule of everything that can go wrong, and an observer that shares no code with the
 * daemon: `npm run chaos -- --minutes N --seed S`. See docs/chaos.md.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './run.ts';

const HERE = import.meta.dirname;
const USAGE = 'usage: npm run chaos -- [--minutes N] [--seed S] [--program FILE]';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function options(): { readonly minutes: number; readonly seed: number; readonly program: string } {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '3' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      program: { type: 'string', default: resolve(HERE, '../../src/main.ts') },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: expected a number above 0`);
  if (!Number.isSafeInteger(seed))
    throw new Error(`--seed ${values.seed}: expected a whole number`);
  return { minutes, seed, program: resolve(values.program) };
}

async function main(): Promise<number> {
  const { minutes, seed, program } = options();
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => ending.abort(new Error(`ended by ${signal}`)));
  // A fault of this program must not leave guests behind either.
  process.once('uncaughtException', (error) => ending.abort(error));
  say(`chaos: ${minutes} minutes with seed ${seed}`);
  const report = await runChaos({ minutes, seed, program, signal: ending.signal, say });
  const { violation } = report;
  if (violation !== undefined) {
    say(`\n${report.story.join('\n')}\n`);
    say(
      `VIOLATION: ${violation.invariant}${violation.vm === undefined ? '' : `: ${violation.vm}`}`,
    );
    say(violation.message);
    say(`\nstory, daemon's log, state and VM files: ${report.dir}`);
    say(`again: npm run chaos -- --minutes ${minutes} --seed ${seed}\n`);
  }
  for (const [what, figure] of report.figures) say(`${what.padEnd(34)} ${figure}`);
  say(`${'violations'.padEnd(34)} ${violation === undefined ? 0 : 1}`);
  return violation === undefined ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : error}\n${USAGE}\n`);
  process.exitCode = 2;
}
