/**
 * Messages about a file that holds a Secret: they quote nothing of it. Problems are shown to users of the read-only
 * socket and stand in logs, and what is not valid YAML may be a value wherever it stands.
 */
import type { YAMLError } from 'yaml';
import type { Report } from './report.ts';

/**
 * The word, what may be the word as a kind, and the fields that hold the values; in YAML and JSON. No VM has fields of
 * these names.
 */
const SECRET = /\bSecret\b|\bkind\b\W{0,10}[Ss]\w{2,8}\b|\bstringData\b|\bdata\b["']?\s*:/;

/** Whether a file may hold a Secret, however broken it is. Rather once too often. */
export function maySecret(text: string): boolean {
  return SECRET.test(text);
}

/** Messages of the `yaml` library that quote the text, in other words. */
const SYNTAX: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_ALIAS: 'a broken anchor or alias stands here; text that begins with "&" or "*" needs quotes',
  BAD_COLLECTION_TYPE:
    'the tag that stands here does not fit its value; text that begins with "!" needs quotes',
  BAD_DIRECTIVE: 'a broken directive stands here; text that begins with "%" needs quotes',
  BAD_DQ_ESCAPE:
    'a "\\" in double quotes begins an escape sequence, and this is none; write "\\\\", or use single quotes',
  BAD_SCALAR_START: 'text that begins with this character needs quotes',
  TAG_RESOLVE_FAILED: 'a tag that is not known stands here; text that begins with "!" needs quotes',
  UNEXPECTED_TOKEN: 'something stands here that does not belong here',
};

/** Messages that are the same for every text. */
const CONSTANT: ReadonlySet<YAMLError['code']> = new Set([
  'ALIAS_PROPS',
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'DUPLICATE_KEY',
  'KEY_OVER_1024_CHARS',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'MULTIPLE_ANCHORS',
  'MULTIPLE_TAGS',
  'TAB_AS_INDENT',
]);

/** @param message the library's own words about a fault */
export function sealedSyntax(code: YAMLError['code'], message: string): string {
  return SYNTAX[code] ?? (CONSTANT.has(code) ? message : 'this is not valid YAML');
}

/** What `source-tree.ts` reports, by code. */
const TREE: Readonly<Record<string, string>> = {
  'bad-key': 'a key must be text; put it in quotes if it is meant as a name',
  'duplicate-key': 'this key stands twice in the same map; keep one',
  'invalid-value': 'a number that JSON does not have stands here; text needs quotes',
  'wrong-type': '"<<" merges maps, and something else stands here',
  'yaml-alias':
    'this alias refers to no anchor before it, or to a value that contains it; text that begins with "*" needs quotes',
  'too-complex': 'with its aliases expanded the document is too large; write it with fewer aliases',
};

/** For the faults that building a source tree reports. */
export function sealed(report: Report): Report {
  const words = (code: string): string => TREE[code] ?? 'this is not valid';
  // Further in, a key may be a value that lost what stood before it.
  const outer = (path: string): string => /^\w*/.exec(path)?.[0] ?? '';
  return {
    error: (code, place, _) =>
      report.error(code, { ...place, path: outer(place.path) }, words(code)),
    warning: (code, place, _) =>
      report.warning(code, { ...place, path: outer(place.path) }, words(code)),
  };
}
