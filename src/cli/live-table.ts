/**
 * A table that grows by a line for each change, as `kubectl get --watch` does. A change that shows in no
 * column, or only in an age, is no news and prints nothing.
 */
import type { CliContext } from './context.ts';
import { writeOut } from './context.ts';
import type { Display, Style } from './format/paint.ts';
import {
  type Column,
  columnWidths,
  fittingColumns,
  rowCells,
  rowStyles,
  tableLine,
} from './format/table.ts';

export interface LiveTable<T> {
  /** The first call prints the header as well; later ones only what differs. Rows that are gone are told by `gone`. */
  listed(rows: readonly T[]): Promise<void>;
  changed(row: T): Promise<void>;
  deleted(row: T): Promise<void>;
}

interface Options<T> {
  readonly columns: readonly Column<T>[];
  readonly display: Display;
  /** Without the line of titles. */
  readonly headless?: boolean;
  readonly keyOf: (row: T) => string;
  /** Tells news from mere ageing, beside the cells of columns that do not age. */
  readonly version: (row: T) => string;
  /** Takes the place of the column of its title in a deleted row; absent when a deletion is no news. */
  readonly gone?: Column<T>;
}

interface Shown<T> {
  readonly row: T;
  readonly signature: string;
}

export function createLiveTable<T>(context: CliContext, options: Options<T>): LiveTable<T> {
  const { keyOf, display, gone, headless = false } = options;
  const shown = new Map<string, Shown<T>>();
  let { columns } = options;
  let widths: readonly number[] | undefined;

  const print = (cells: readonly Column<T>[], row: T): Promise<void> => {
    const texts = rowCells(cells, row, context.now());
    return writeOut(context, tableLine(texts, widths ?? [], display, rowStyles(cells, row)));
  };

  const begin = async (rows: readonly T[]): Promise<void> => {
    columns = fittingColumns(columns, rows, context.now(), display);
    const titles = columns.map(({ title }) => title);
    widths = columnWidths([titles, ...rows.map((row) => rowCells(columns, row, context.now()))]);
    const bold = titles.map((): Style => 'title');
    if (!headless) await writeOut(context, tableLine(titles, widths, display, bold));
  };

  const changed = async (row: T): Promise<void> => {
    const signature = signatureOf(row, options);
    if (shown.get(keyOf(row))?.signature === signature) return;
    shown.set(keyOf(row), { row, signature });
    await print(columns, row);
  };

  const deleted = async (row: T): Promise<void> => {
    shown.delete(keyOf(row));
    if (gone === undefined) return;
    await print(
      columns.map((column) => (column.title === gone.title ? gone : column)),
      row,
    );
  };

  return {
    changed,
    deleted,
    async listed(rows) {
      if (widths === undefined) await begin(rows);
      const listedKeys = new Set(rows.map(keyOf));
      for (const [key, { row }] of [...shown]) if (!listedKeys.has(key)) await deleted(row);
      for (const row of rows) await changed(row);
    },
  };
}

function signatureOf<T>(row: T, { columns, version }: Options<T>): string {
  // At a fixed instant, so that what is left differs only by the row itself.
  const cells = columns.filter(({ ages }) => !ages).map(({ cell }) => cell(row, 0));
  return [...cells, version(row)].join('\u0000');
}

/** `--watch -o name`: a name for each change, no header. */
export function createNameLines<T>(context: CliContext, nameOf: (row: T) => string): LiveTable<T> {
  const print = (row: T): Promise<void> => writeOut(context, `${nameOf(row)}\n`);
  return {
    async listed(rows) {
      for (const row of rows) await print(row);
    },
    changed: print,
    deleted: print,
  };
}
