/**
 * Aligned `Name:  value` lines.
 */

import { singleLine } from '../../core/terminal-filter.ts';
import { type Paint, PLAIN, type Style } from './paint.ts';

/** `style` is that of the value's first word. */
export type Fact = readonly [name: string, value: string, style?: Style | undefined];

/** Narrowest column of names, so that short and long blocks line up. */
const MIN_WIDTH = 12;

export function renderFacts(facts: readonly Fact[], paint: Paint = PLAIN.paint): string {
  const width = Math.max(MIN_WIDTH, ...facts.map(([name]) => name.length + 1));
  return facts
    .map(([name, value, style]) => `${`${name}:`.padEnd(width)} ${painted(value, style, paint)}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function painted(value: string, style: Style | undefined, paint: Paint): string {
  const [first = '', ...rest] = singleLine(value).split(/(?=[ :(])/);
  return paint(style, first) + rest.join('');
}
