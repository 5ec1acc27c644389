/** Text that a guest gave about itself, before anybody sees it: one line, without anything a terminal would obey, cut. */
import { stripTerminalCodes } from '../plain-text.ts';

/** They make text read in another order than it was written (Unicode UAX #9), or take no room. */
const INVISIBLE = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Code points of names, versions and paths. */
export const MOST_TEXT = 256;

/** @returns undefined when it is no text, or nothing is left of it */
export function guestText(value: unknown, most: number = MOST_TEXT): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Cut before it is looked at: cleaning takes time for each character. An escape sequence takes room, too.
  const line = stripTerminalCodes(value.slice(0, most * 4).toWellFormed())
    .replace(INVISIBLE, '')
    .replace(/\s+/g, ' ')
    .trim();
  const points = [...line];
  const cut = points.length > most ? `${points.slice(0, most - 1).join('')}…` : line;
  return cut === '' ? undefined : cut;
}
