/**
 * Text tables: columns as wide as their widest cell, three blanks between them, no trailing blanks.
 */
import { singleLine } from '../../core/terminal-filter.ts';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T, now: number) => string;
  /** The cell changes by the mere passing of time, so a change of it is no news in a watch. */
  readonly ages?: true;
}

const GAP = '   ';

/** Width of each column over a header and rows; `-` stands for an empty cell. */
export function columnWidths(lines: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const line of lines)
    for (const [index, cell] of line.entries())
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
  return widths;
}

/** One line, padded to `widths`; a wider cell pushes the rest to the right. */
export function tableLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, index) =>
    index === cells.length - 1
      ? cell
      : cell + ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(cell))),
  );
  return `${padded.join(GAP).trimEnd()}\n`;
}

/** Cells of one row, safe for a terminal and never empty. */
export function rowCells<T>(columns: readonly Column<T>[], row: T, now: number): string[] {
  return columns.map((column) => singleLine(column.cell(row, now)) || '-');
}

/** The whole table, header first. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  now: number,
): string {
  const lines = [
    columns.map((column) => column.title),
    ...rows.map((row) => rowCells(columns, row, now)),
  ];
  const widths = columnWidths(lines);
  return lines.map((line) => tableLine(line, widths)).join('');
}

/** Indents every line of a block that ends in a newline. */
export function indent(block: string, by = '  '): string {
  return block.replaceAll(/^(?=.)/gm, by);
}

function width(cell: string): number {
  return [...cell].length;
}
