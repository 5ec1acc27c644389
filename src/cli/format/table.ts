/**
 * Text tables: columns as wide as their widest cell, three blanks between them, no trailing blanks. On a terminal that
 * is too narrow the least important columns are left out, and the last one is cut.
 */

import { singleLine } from '../../core/terminal-filter.ts';
import { type Display, PLAIN, type Style } from './paint.ts';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T, now: number) => string;
  readonly style?: (row: T) => Style | undefined;
  /** The cell changes by the mere passing of time, so a change of it is no news in a watch. */
  readonly ages?: true;
  /** On a narrow terminal the columns with the highest number go first; those without one stay. */
  readonly drop?: number;
}

const GAP = '   ';
/** What the last column, which may be cut, needs to be of use. */
const LEAST_LAST = 20;

/** Width of each column over a header and rows; `-` stands for an empty cell. */
export function columnWidths(lines: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const line of lines)
    for (const [index, cell] of line.entries())
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
  return widths;
}

/** One line, padded to `widths`; a wider cell pushes the rest to the right, and the last is cut at the terminal's edge. */
export function tableLine(
  cells: readonly string[],
  widths: readonly number[],
  { paint, columns }: Display = PLAIN,
  styles: readonly (Style | undefined)[] = [],
): string {
  let line = '';
  let used = 0;
  for (const [index, cell] of cells.entries()) {
    const isLast = index === cells.length - 1;
    const text = isLast ? cut(cell, columns === undefined ? undefined : columns - used) : cell;
    const blanks = isLast ? '' : ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(text)));
    line += paint(styles[index], text) + blanks + (isLast ? '' : GAP);
    used += width(text) + blanks.length + GAP.length;
  }
  return `${line.trimEnd()}\n`;
}

/** Cells of one row, safe for a terminal and never empty. */
export function rowCells<T>(columns: readonly Column<T>[], row: T, now: number): string[] {
  return columns.map((column) => singleLine(column.cell(row, now)) || '-');
}

export function rowStyles<T>(columns: readonly Column<T>[], row: T): (Style | undefined)[] {
  return columns.map((column) => column.style?.(row));
}

/** The columns that the terminal has room for. */
export function fittingColumns<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  now: number,
  display: Display,
): readonly Column<T>[] {
  if (display.columns === undefined) return columns;
  const widths = columnWidths([
    columns.map(({ title }) => title),
    ...rows.map((row) => rowCells(columns, row, now)),
  ]);
  let kept = columns.map((column, index) => ({ column, width: widths[index] ?? 0 }));
  while (neededWidth(kept.map((entry) => entry.width)) > display.columns) {
    const first = Math.max(...kept.map(({ column }) => column.drop ?? 0));
    if (first === 0) break;
    kept = kept.filter(({ column }) => column.drop !== first);
  }
  return kept.map(({ column }) => column);
}

function neededWidth(widths: readonly number[]): number {
  const last = Math.min(widths.at(-1) ?? 0, LEAST_LAST);
  return widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, last);
}

export interface TableOptions {
  readonly display?: Display;
  /** Without the line of titles. */
  readonly headless?: boolean;
}

/** The whole table, header first. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  now: number,
  { display = PLAIN, headless = false }: TableOptions = {},
): string {
  const shown = fittingColumns(columns, rows, now, display);
  const titles = shown.map(({ title }) => title);
  const cells = rows.map((row) => rowCells(shown, row, now));
  const widths = columnWidths(headless ? cells : [titles, ...cells]);
  const bold = titles.map((): Style => 'title');
  const header = headless ? '' : tableLine(titles, widths, display, bold);
  const lines = rows.map((row, index) =>
    tableLine(cells[index] ?? [], widths, display, rowStyles(shown, row)),
  );
  return header + lines.join('');
}

/** Indents every line of a block that ends in a newline. */
export function indent(block: string, by = '  '): string {
  return block.replaceAll(/^(?=.)/gm, by);
}

/** The same display, with less room. */
export function indented(display: Display, by = 2): Display {
  return display.columns === undefined ? display : { ...display, columns: display.columns - by };
}

function cut(text: string, room: number | undefined): string {
  if (room === undefined || width(text) <= room) return text;
  return `${[...text].slice(0, Math.max(1, room - 1)).join('')}…`;
}

function width(cell: string): number {
  return [...cell].length;
}
