/** Prose drifts; these tables must not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTING_KEYS, variableName } from '../../../src/core/config/settings.ts';
import { RUN_STRATEGIES } from '../../../src/core/model/virtual-machine.ts';
import { nextBackoff } from '../../../src/core/strategy/backoff.ts';
import { STRATEGY_TABLES, WISHES } from '../../../src/core/strategy/run-strategy.ts';
import { VERDICT_TABLE } from '../../../src/core/verdict/verdict-table.ts';
import { NOW } from '../../support/build.ts';

/** All tables of a page: rows of cells, the header first. */
function tables(page: string): readonly (readonly (readonly string[])[])[] {
  const text = readFileSync(join(import.meta.dirname, '../../../docs', page), 'utf8');
  return [...text.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .filter((line) => !/^\|[-|]+\|$/.test(line))
      .map((line) =>
        line
          .slice(1, -1)
          .split(/\s*(?<!\\)\|\s*/)
          .map((cell) => cell.trim()),
      ),
  );
}

function tableWith(page: string, ...header: readonly string[]) {
  const found = tables(page).filter(([first]) => first?.join() === header.join());
  return found.map(([, ...rows]) => rows);
}

describe('docs/run-strategies.md', () => {
  const page = 'run-strategies.md';

  test('has the table of wishes', () => {
    const header = ['strategy', 'never ran', 'Succeeded', 'Failed', 'stopped by a command'];
    const [rows] = tableWith(page, ...header);
    const expected = (['Always', 'RerunOnFailure', 'Once', 'Manual', 'Halted'] as const).map(
      (s) => {
        const { NeverRan, Succeeded, Failed, Stopped } = WISHES[s];
        return [s, NeverRan, Succeeded, Failed, Stopped];
      },
    );
    expect(rows).toEqual(expected);
  });

  test('has both command tables, the default first', () => {
    const found = tableWith(page, 'strategy', 'start', 'stop', 'restart');
    const expected = [STRATEGY_TABLES.default, STRATEGY_TABLES['kubevirt-v1']].map((table) =>
      RUN_STRATEGIES.map((s) => [s, table[s].start, table[s].stop, table[s].restart]),
    );
    expect(found).toEqual(expected);
  });

  test('has the waits of the backoff', () => {
    const [rows = []] = tableWith(page, 'k', 'the guest had run', 'it never ran');
    const wait = (k: number, ran: boolean, jitter: number): number => {
      const running = ran ? { runningAt: NOW - 1000 } : {};
      const end = { outcome: 'Failed', endedAt: NOW, ...running } as const;
      return Math.round(
        ((nextBackoff({ unstable: k - 1 }, end, jitter).retryAt ?? NOW) - NOW) / 1000,
      );
    };
    const range = (k: number, ran: boolean): string => {
      const [least, most] = [wait(k, ran, 0), wait(k, ran, 1)];
      return least === most ? `${least} s` : `${least}–${most} s`;
    };
    expect(rows.length).toBe(7);
    for (const [k, ran, not] of rows) {
      const n = Number.parseInt(k ?? '', 10);
      expect([ran, not]).toEqual([range(n, true), range(n, false)]);
    }
  });
});

test('docs/verdicts.md has the verdict table, row by row', () => {
  const [rows] = tableWith('verdicts.md', 'evidence', 'outcome', 'reason');
  expect(rows).toEqual(VERDICT_TABLE.map((row) => [row.evidence, row.outcome, row.reason]));
});

test('docs/configuration.md names every setting', () => {
  const [rows = []] = tableWith('configuration.md', 'entry', 'flag', 'variable', 'default');
  expect(rows.map(([entry]) => entry)).toEqual(SETTING_KEYS.map((key) => `\`${key}\``));
  expect(rows.map(([, , variable]) => variable)).toEqual(
    SETTING_KEYS.map((key) => `\`${variableName(key)}\``),
  );
});
