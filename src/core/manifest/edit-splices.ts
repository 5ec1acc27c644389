/**
 * Places in a text and what is to stand there instead: the arithmetic under `edit-walk.ts`. Offsets are those of the
 * text before any change.
 */
import {
  type CST,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  Scalar,
} from 'yaml';

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** @param splices must not overlap; of those at one place the earlier comes first */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((a, b) => a.start - b.start || a.end - b.end);
  let result = '';
  let at = 0;
  for (const { start, end, text: put } of ordered) {
    result += text.slice(at, Math.max(at, start)) + put;
    at = Math.max(at, end);
  }
  return result + text.slice(at);
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Behind the line break of the line, or the end of the text. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  return at === -1 ? text.length : at + 1;
}

/** A byte order mark is no column. */
export function columnOf(text: string, offset: number): number {
  const start = lineStart(text, offset);
  return offset - start - (start === 0 && text.startsWith('\uFEFF') ? 1 : 0);
}

/** Whether only blanks stand before the offset on its line. */
export function beginsLine(text: string, offset: number): boolean {
  return /^\uFEFF?[ \t]*$/.test(text.slice(lineStart(text, offset), offset));
}

/** Up over the lines of comments directly above, at the same depth, but not beyond `limit`. */
export function withCommentsAbove(text: string, start: number, limit: number): number {
  let at = lineStart(text, start);
  const indent = text.slice(at, start);
  while (at > limit) {
    const above = lineStart(text, at - 1);
    const line = text.slice(above, at);
    if (above < limit || !line.startsWith(`${indent}#`)) break;
    at = above;
  }
  return at;
}

/** Where a value's own text ends, without what follows on its line. `after` is where an empty one would stand. */
export function valueEnd(text: string, node: ParsedNode | null, after: number): number {
  if (node === null || isEmpty(node)) return after;
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last === undefined) return node.range[1];
    const value = last.value as ParsedNode | null;
    const key = last.key as ParsedNode | null;
    return valueEnd(text, value, key?.range[1] ?? after);
  }
  if (isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1) as ParsedNode | null | undefined;
    return last == null ? node.range[1] : valueEnd(text, last, node.range[1]);
  }
  if (isScalar(node) && isBlockScalar(node)) return withoutBreak(text, node.range[1]);
  return node.range[1];
}

export function isBlockScalar(node: Scalar): boolean {
  return node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
}

/** A value of which nothing is written. */
export function isEmpty(node: ParsedNode | null): boolean {
  return node === null || (isScalar(node) && node.range[0] === node.range[1]);
}

function withoutBreak(text: string, end: number): number {
  if (text[end - 1] !== '\n') return end;
  return text[end - 2] === '\r' ? end - 2 : end - 1;
}

/** Offset behind the `:` of a pair or the `-` of an item. */
export function behind(
  tokens: readonly CST.SourceToken[] | undefined,
  type: CST.SourceToken['type'],
): number | undefined {
  const token = tokens?.find((candidate) => candidate.type === type);
  return token === undefined ? undefined : token.offset + token.source.length;
}

/** Anchors that are defined in a node. */
export function anchorsIn(node: ParsedNode | null): readonly string[] {
  if (node === null || isAlias(node)) return [];
  const own = node.anchor === undefined ? [] : [node.anchor];
  if (!isCollection(node)) return own;
  const inner = isMap(node)
    ? node.items.flatMap(({ key, value }) => [key, value])
    : (node.items as unknown[]);
  return [...own, ...inner.flatMap((item) => anchorsIn(item as ParsedNode | null))];
}
