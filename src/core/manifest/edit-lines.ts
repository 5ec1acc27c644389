/** Lines that are put between others. */
import { put, type Slot, type Walk } from './edit-place.ts';
import { lineEnd } from './edit-splices.ts';

/** Whole lines behind the line on which something ends. */
export function insertLines(
  walk: Walk,
  slot: Slot,
  end: number,
  column: number,
  lines: readonly string[],
): void {
  const { text } = walk;
  const at = lineEnd(text, end);
  const pad = ' '.repeat(column);
  const block = lines.map((line) => (line === '' ? line : pad + line)).join('\n');
  const atEnd = at === text.length && !text.endsWith('\n');
  put(walk, slot, at, at, atEnd ? `\n${block}` : `${block}\n`);
}
