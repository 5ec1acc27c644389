import { expect, test } from 'vitest';
import { renderFacts } from '../../../src/cli/format/facts.ts';
import { type Column, indent, renderTable } from '../../../src/cli/format/table.ts';

interface Row {
  readonly a: string;
  readonly b: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: 'A', cell: ({ a }) => a },
  { title: 'LONG', cell: ({ b }) => b },
];

test('columns line up, lines have no trailing blanks, empty cells are dashes', () => {
  const rows = [
    { a: 'x', b: '1' },
    { a: 'wider', b: '' },
  ];
  expect(renderTable(COLUMNS, rows, 0)).toBe('A       LONG\nx       1\nwider   -\n');
});

test('a cell cannot break its line or reach the terminal', () => {
  const rows = [{ a: 'one\ntwo', b: '\u001b]0;title\u0007red\u001b[31m' }];
  expect(renderTable(COLUMNS, rows, 0)).toBe('A         LONG\none two   red\n');
});

test('characters outside the basic plane count as one', () => {
  const rows = [{ a: '😀', b: 'x' }];
  expect(renderTable(COLUMNS, rows, 0).split('\n')[1]).toBe('😀   x');
});

test('facts line up, and indentation leaves empty lines alone', () => {
  expect(
    renderFacts([
      ['Name', 'demo'],
      ['Strategy table', 'default'],
    ]),
  ).toBe('Name:           demo\nStrategy table: default\n');
  expect(indent('a\n\nb\n')).toBe('  a\n\n  b\n');
});
