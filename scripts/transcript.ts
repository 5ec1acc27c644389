/**
 * Plays every run strategy against every event on real guests and writes down what a user sees:
 *
 *     npm run transcript        rewrites docs/transcripts.md (about half a minute)
 *
 * Uids, pids, times and paths are replaced by words, so that the page changes only when solovirt does.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { RUN_STRATEGIES, type RunStrategy } from '../src/core/model/virtual-machine.ts';
import { World } from '../test/e2e/daemon-harness.ts';
import { CELLS, type Cell, eventWords, play } from '../test/e2e/matrix.ts';
import { cli } from '../test/e2e/run-main.ts';

const PAGE = resolve(import.meta.dirname, '../docs/transcripts.md');
/** Cells that are played at the same time. */
const TOGETHER = 8;

const RUNS = {
  same: 'the same instance as before',
  new: 'a new instance',
  none: 'nothing',
} as const;

interface Played {
  readonly row: Cell;
  readonly text: string;
}

async function transcribe(world: World, row: Cell): Promise<Played> {
  const { vm, outcome } = await play(world, row);
  const { stdout } = await cli(world, 'describe', vm.name);
  const answer = outcome.answer === undefined ? [] : [`- answer: ${outcome.answer.join(' ')}`];
  const lines = [
    `### ${row.strategy}: ${eventWords(row.event)}`,
    '',
    `- file before: \`${strategyLine(vm.original)}\``,
    ...answer,
    `- file after: \`${strategyLine(vm.text())}\``,
    `- runs now: ${RUNS[outcome.runs]}`,
    '',
    '```',
    `$ solovirt describe ${vm.name}`,
    ...summary(stdout),
    '```',
    '',
  ];
  return { row, text: lines.join('\n') };
}

function strategyLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.includes('runStrategy:'))
      ?.trim() ?? ''
  );
}

/** Strategy and status, and the table of the last runs. */
function summary(described: string): readonly string[] {
  const lines = described.split('\n');
  const head = lines.filter((line) => /^(Strategy|Status):/.test(line));
  const from = lines.findIndex((line) => line.startsWith('Last runs:'));
  if (from < 0) return head.map(stable);
  const length = lines.slice(from).indexOf('');
  const runs = lines.slice(from + 1, length < 0 ? undefined : from + length);
  return [...head.map(stable), 'Last runs:', ...runs.map(withoutTimes)];
}

function stable(line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/ \(for [^)]*\)/g, '')
    .replaceAll(/\b\d+(\.\d+)?(ms|s|m|h)( \d+(ms|s|m|h))?\b/g, 'N s');
}

/** The first two columns are times. */
function withoutTimes(line: string): string {
  const cells = line.trim().split(/ {2,}/);
  return `  ${cells.slice(2).join('   ')}`;
}

async function playAll(world: World): Promise<readonly Played[]> {
  const played: Played[] = [];
  const waiting = [...CELLS];
  const worker = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift())
      played.push(await transcribe(world, row));
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  return played;
}

/** What the rows expect; `play` waits until the VM looks like that. */
function table(strategy: RunStrategy): string {
  const rows = CELLS.filter((row) => row.strategy === strategy).map((row) =>
    [eventWords(row.event), row.answer?.[0] ?? '', row.file, RUNS[row.runs], row.status].join(
      ' | ',
    ),
  );
  const header = ['event | answer | file after | runs now | status', '---|---|---|---|---'];
  return [`| ${header[0]} |`, `|${header[1]}|`, ...rows.map((row) => `| ${row} |`)].join('\n');
}

function page(played: readonly Played[]): string {
  const sections = RUN_STRATEGIES.map((strategy) => {
    const cells = CELLS.filter((row) => row.strategy === strategy).map(
      (row) => played.find((p) => p.row === row)?.text ?? '',
    );
    return `## ${strategy}\n\n${table(strategy)}\n\n${cells.join('\n')}`;
  });
  return `# Transcripts

Every [run strategy](run-strategies.md) with every event, as it went on real guests: what the file said before and
after, what ran, and what \`describe\` showed. Written by \`npm run transcript\`; do not edit.

Guests that power off or panic do so by themselves, about a second after they start or at once. Under Always they end,
are started again at once, end again and wait in their backoff. Under Manual the guest is started by a command first,
but for the event "start". Under Halted nothing runs unless it is started.

${sections.join('\n')}`;
}

await using world = await World.start();
writeFileSync(PAGE, `${page(await playAll(world)).trimEnd()}\n`);
