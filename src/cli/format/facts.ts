/**
 * Aligned `Name:  value` lines.
 */
import { singleLine } from '../../core/terminal-filter.ts';

export type Fact = readonly [name: string, value: string];

/** Narrowest column of names, so that short and long blocks line up. */
const MIN_WIDTH = 12;

export function renderFacts(facts: readonly Fact[]): string {
  const width = Math.max(MIN_WIDTH, ...facts.map(([name]) => name.length + 1));
  return facts
    .map(([name, value]) => `${`${name}:`.padEnd(width)} ${singleLine(value)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}
