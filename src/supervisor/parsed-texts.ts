/**
 * Parses VM files. While a daemon starts, each text is parsed but once: what the records hold as last valid is mostly
 * what the files still say.
 */
import { parseManifests } from '../core/manifest/parse.ts';
import type { ParsedFile } from '../core/manifest/parsed.ts';

export class ParsedTexts {
  #kept: Map<string, ParsedFile> | undefined = new Map();

  parse(text: string): ParsedFile {
    const known = this.#kept?.get(text);
    if (known !== undefined) return known;
    const parsed = parseManifests(text);
    this.#kept?.set(text, parsed);
    return parsed;
  }

  /** The start is over: from now on a text comes once. */
  forget(): void {
    this.#kept = undefined;
  }
}
