import { expect, test } from 'vitest';
import { renderFacts } from '../../../src/cli/format/facts.ts';
import { COLOR_CHOICES, type Paint, paintFor } from '../../../src/cli/format/paint.ts';
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

const NARROWING: readonly Column<Row>[] = [
  { title: 'A', cell: ({ a }) => a },
  { title: 'EXTRA', cell: () => 'second to go', drop: 1 },
  { title: 'MORE', cell: () => 'first to go', drop: 2 },
  { title: 'LONG', cell: ({ b }) => b },
];
const plain = paintFor('never', { env: {}, isTTY: false });
const row = { a: 'name', b: 'a message that is long enough to be cut somewhere' };

test.for([
  [
    undefined,
    'name   second to go   first to go   a message that is long enough to be cut somewhere',
  ],
  [80, 'name   second to go   first to go   a message that is long enough to be cut som…'],
  [50, 'name   second to go   a message that is long enou…'],
  [30, 'name   a message that is long…'],
  [10, 'name   a …'],
] as const)(
  'on a terminal of %s columns the least important ones go and the last is cut',
  ([columns, line]) => {
    const display = { paint: plain, columns };
    const [, shown = ''] = renderTable(NARROWING, [row], 0, { display }).split('\n');
    expect(shown).toBe(line);
  },
);

test('a table can do without its titles', () => {
  expect(renderTable(COLUMNS, [{ a: 'x', b: 'y' }], 0, { headless: true })).toBe('x   y\n');
});

test('colours change nothing but colours', () => {
  const styled: readonly Column<Row>[] = [
    { title: 'A', cell: ({ a }) => a, style: () => 'bad' },
    { title: 'LONG', cell: ({ b }) => b },
  ];
  const render = (paint: Paint): string =>
    renderTable(styled, [row, { a: 'b', b: 'c' }], 0, { display: { paint, columns: 30 } });
  const coloured = render(paintFor('always', { env: {}, isTTY: false }));
  expect(coloured).toContain('\u001b[31mname\u001b[0m   a message');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(render(plain));
});

const SCREENS = [
  [{ isTTY: true, env: {} }, true],
  [{ isTTY: true, env: { NO_COLOR: '' } }, true],
  [{ isTTY: true, env: { NO_COLOR: '1' } }, false],
  [{ isTTY: true, env: { TERM: 'dumb' } }, false],
  [{ isTTY: true, env: { TERM: 'xterm' } }, true],
  [{ isTTY: false, env: {} }, false],
] as const;
test.for(SCREENS)('colours by themselves on %j: %s', ([screen, expected]) => {
  const isColoured = (choice: (typeof COLOR_CHOICES)[number]): boolean =>
    paintFor(choice, screen)('bad', 'x') !== 'x';
  expect(COLOR_CHOICES.map(isColoured)).toEqual([expected, true, false]);
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
