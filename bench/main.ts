/**
 * What solovirt costs, beside QEMU alone and what people would use instead: `npm run bench`. Asserts no times, for they
 * depend on the machine; `--check` compares ratios with the stored ones, `--store` stores them. See docs/performance.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorMessage } from '../src/core/thrown.ts';
import { type Figure, type Result, regressions, resultOf, table } from './figures.ts';
import { machine } from './machine.ts';
import { fleet } from './scenarios/fleet.ts';
import { growth } from './scenarios/growth.ts';
import { largeHost } from './scenarios/large-host.ts';
import { reads } from './scenarios/reads.ts';
import { soak } from './scenarios/soak.ts';
import { starts } from './scenarios/starts.ts';

const STORED = join(import.meta.dirname, 'results.json');
const PAGE = join(import.meta.dirname, '../docs/performance.md');
/** In the page, around what `--store` writes. */
const [BEGIN, END] = ['<!-- figures -->', '<!-- end of figures -->'];
const USAGE =
  'usage: npm run bench -- [--only starts,reads,growth,fleet,large] [--rounds N] [--check] [--store] [--soak MINUTES]';

const out = (line: string): void => void process.stdout.write(`${line}\n`);

interface Options {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly check: boolean;
  readonly store: boolean;
  readonly soakMinutes: number | undefined;
}

const SCENARIOS: Readonly<Record<string, (options: Options) => Promise<readonly Figure[]>>> = {
  starts: ({ rounds }) => starts(rounds),
  reads: ({ rounds }) => reads(rounds),
  growth,
  fleet,
  large: largeHost,
};

/** Not the large host, whose guests are stand-ins. */
const USUAL = 'starts,reads,growth,fleet';

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: USUAL },
      rounds: { type: 'string', default: '15' },
      check: { type: 'boolean', default: false },
      store: { type: 'boolean', default: false },
      soak: { type: 'string' },
    },
  });
  const only = values.only.split(',');
  for (const name of only)
    if (SCENARIOS[name] === undefined) throw new Error(`--only ${name}: there is no such scenario`);
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds ${values.rounds}: expected a whole number above 0`);
  const soakMinutes = values.soak === undefined ? undefined : Number(values.soak);
  if (soakMinutes !== undefined && !(soakMinutes > 0))
    throw new Error(`--soak ${values.soak}: expected minutes above 0`);
  return { only, rounds, check: values.check, store: values.store, soakMinutes };
}

async function measure(options: Options): Promise<readonly Result[]> {
  if (options.soakMinutes !== undefined) return (await soak(options.soakMinutes)).map(resultOf);
  const results: Result[] = [];
  for (const name of options.only) {
    out(`… ${name}`);
    const figures = await SCENARIOS[name]?.(options);
    results.push(...(figures ?? []).map(resultOf));
  }
  return results;
}

function store(results: readonly Result[]): void {
  writeFileSync(STORED, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`);
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = page.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  writeFileSync(PAGE, `${before}${BEGIN}\n${machine()}\n\n${table(results)}\n${after}`);
}

async function main(options: Options): Promise<number> {
  const results = await measure(options);
  out(`\n${machine()}\n\n${table(results)}\n`);
  if (options.store) store(results);
  if (!options.check) return 0;
  const { results: before } = JSON.parse(readFileSync(STORED, 'utf8')) as {
    readonly results: readonly Result[];
  };
  const worse = regressions(before, results);
  for (const line of worse) out(`worse: ${line}`);
  if (worse.length === 0) out('no ratio is worse than the stored one');
  return worse.length === 0 ? 0 : 1;
}

let options: Options | undefined;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`bench: ${errorMessage(error)}\n${USAGE}\n`);
}
process.exitCode = options === undefined ? 2 : await main(options);
