/** The tables of docs/manifests.md against the fields that are read. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { manifestPage, rowFaults } from '../../../scripts/lib/manifest-page.ts';

const PAGE = readFileSync(new URL('../../../docs/manifests.md', import.meta.url), 'utf8');
const ROW = '| `startStrategy` |';

function withoutRow(page: string): string {
  return page
    .split('\n')
    .filter((line) => !line.startsWith(ROW))
    .join('\n');
}

test('every field that is read has a row: npm run generate', () => {
  expect(manifestPage(PAGE)).toBe(PAGE);
});

test('no row names a field that is not read, or that has a row elsewhere', () => {
  expect(rowFaults(PAGE)).toEqual([]);
});

test('a field that has no row gets one, and what is written by hand stays', () => {
  const page = withoutRow(PAGE);
  expect(page).not.toBe(PAGE);
  const again = manifestPage(page);
  expect(again).toContain(`\n${ROW} – | Paused: the guest comes up with its CPUs stopped`);
  expect(withoutRow(again)).toBe(page);
});

test('a row of nothing, a second row and a row in the wrong place are told', () => {
  const row = (name: string): string => `\n| \`${name}\` | – | – |\n`;
  const after = (heading: string, text: string): string =>
    PAGE.replace(
      new RegExp(`(### ${heading}\n[^|]*\\|.*\n\\|[-|]*)\n`),
      (_, head: string) => `${head}${text}`,
    );
  const faults = [
    after('Probes', row('readinessProbe.exec.shell')),
    after('Probes', row('domain.cpu.model')),
    after('Accepted with a warning', row('readinessProbe.tcpSocket')),
  ].map((page) => rowFaults(page).map((fault) => fault.replace(/^line \d+: /, '')));
  expect(faults).toEqual([
    ['readinessProbe.exec.shell is not read'],
    ['domain.cpu.model has a row already'],
    ['readinessProbe.tcpSocket does not belong under "Accepted with a warning"'],
  ]);
});
