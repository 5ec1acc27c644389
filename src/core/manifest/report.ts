/**
 * Collects the problems of one document (or file) and gives each its line and column.
 * Bounded: a hostile file may hold 100 000 faults, a person reads the first few.
 */
import type { Problem } from '../model/problem.ts';

/** Most errors, and most warnings, that one document shows. */
export const MAX_PROBLEMS = 100;

/** Where something stands: the field path as users write it and the offset in the file's text. */
export interface Place {
  readonly path: string;
  readonly offset: number;
}

/** A message that is costly to make (a suggestion) is made only when it is shown. */
export type Message = string | (() => string);

export interface Report {
  error(code: string, place: Place, message: Message): void;
  warning(code: string, place: Place, message: Message): void;
}

/** Turns an offset into a 1-based line and column. */
export interface Positions {
  at(offset: number): { readonly line: number; readonly column: number };
}

export interface ProblemCollector extends Report {
  readonly hasErrors: boolean;
  /** In order of position. */
  problems(): readonly Problem[];
}

const BYTE_ORDER_MARK = '\uFEFF';

/** Columns count UTF-16 units, as editors do; a byte order mark is no column. */
export function createPositions(text: string): Positions {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const mark = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  return {
    at(offset) {
      const clamped = Math.max(0, Math.min(offset, text.length));
      const line = lastNotAfter(starts, clamped);
      const column = clamped - (starts[line] ?? 0) + 1 - (line === 0 ? mark : 0);
      return { line: line + 1, column: Math.max(1, column) };
    },
  };
}

function lastNotAfter(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function createReport(positions: Positions): ProblemCollector {
  const found: Problem[] = [];
  const counts = { error: 0, warning: 0 };
  const add = (severity: Problem['severity'], code: string, place: Place, message: Message) => {
    counts[severity] += 1;
    if (counts[severity] > MAX_PROBLEMS + 1) return;
    const position = positions.at(place.offset);
    if (counts[severity] > MAX_PROBLEMS) found.push({ ...tooMany(severity), ...position });
    else found.push({ code, severity, path: place.path, ...position, message: textOf(message) });
  };
  return {
    error: (code, place, message) => add('error', code, place, message),
    warning: (code, place, message) => add('warning', code, place, message),
    get hasErrors() {
      return counts.error > 0;
    },
    problems: () => found.toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}

function textOf(message: Message): string {
  return typeof message === 'string' ? message : message();
}

function tooMany(severity: Problem['severity']): Omit<Problem, 'line' | 'column'> {
  const message = `more than ${MAX_PROBLEMS} ${severity}s; the others are not shown`;
  return { code: 'too-many-problems', severity, path: '', message };
}
