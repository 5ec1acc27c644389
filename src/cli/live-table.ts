/**
 * A table that grows by a line for each change, as `kubectl get --watch` does. A change that shows in no
 * column, or only in an age, is no news and prints nothing.
 */
import type { CliContext } from './context.ts';
import { writeOut } from './context.ts';
import { type Column, columnWidths, rowCells, tableLine } from './format/table.ts';

export interface LiveTable<T> {
  /** The first call prints the header as well; later ones only what differs. Rows that are gone are told by `gone`. */
  listed(rows: readonly T[]): Promise<void>;
  changed(row: T): Promise<void>;
  deleted(row: T): Promise<void>;
}

interface Options<T> {
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
  /** Tells news from mere ageing, beside the cells of columns that do not age. */
  readonly version: (row: T) => string;
  /** The columns of a deleted row; absent when a deletion is no news. */
  readonly gone?: readonly Column<T>[];
}

interface Shown<T> {
  readonly row: T;
  readonly signature: string;
}

export function createLiveTable<T>(context: CliContext, options: Options<T>): LiveTable<T> {
  const { columns, keyOf } = options;
  const shown = new Map<string, Shown<T>>();
  let widths: readonly number[] | undefined;

  const changed = async (row: T): Promise<void> => {
    const signature = signatureOf(row, options);
    if (shown.get(keyOf(row))?.signature === signature) return;
    shown.set(keyOf(row), { row, signature });
    await writeOut(context, tableLine(rowCells(columns, row, context.now()), widths ?? []));
  };

  const deleted = async (row: T): Promise<void> => {
    shown.delete(keyOf(row));
    if (options.gone === undefined) return;
    const cells = rowCells(options.gone, row, context.now());
    await writeOut(context, tableLine(cells, widths ?? []));
  };

  return {
    changed,
    deleted,
    async listed(rows) {
      if (widths === undefined) {
        const titles = columns.map(({ title }) => title);
        widths = columnWidths([
          titles,
          ...rows.map((row) => rowCells(columns, row, context.now())),
        ]);
        await writeOut(context, tableLine(titles, widths));
      }
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
