/** A value that is written anew, whatever stood there. */
import { isScalar } from 'yaml';
import type { Json } from '../model/json.ts';
import { put, type Slot, type Walk } from './edit-place.ts';
import { anchorsIn, isBlockScalar, isEmpty, lineEnd, valueEnd } from './edit-splices.ts';
import { blockLines } from './write-yaml.ts';

/** Writes a value anew, with the comments between its key and itself. */
export function replace(walk: Walk, slot: Slot, wanted: Json): void {
  const { text } = walk;
  const { node, after, indent, kind } = slot;
  for (const name of anchorsIn(node)) walk.lost.add(name);
  const begin = node === null || isEmpty(node) ? after : Math.max(after, node.range[0]);
  const end = Math.max(after, valueEnd(text, node, after));
  const comments = [...text.slice(after, begin).matchAll(/(?<=^|\s)#[^\r\n]*/g)].map(([comment]) =>
    comment.trimEnd(),
  );
  if (node !== null && isScalar(node) && isBlockScalar(node)) {
    const header = /^[|>][^\s#]*[ \t]+(#[^\r\n]*)/.exec(text.slice(begin, end))?.[1];
    if (header !== undefined) comments.push(header);
  }
  const trailing = /^[ \t]+(#[^\r\n]*)/.exec(text.slice(end, lineEnd(text, end)));
  const [head = '', ...lines] = kind === 'pair' ? pairLines(walk, wanted) : itemLines(walk, wanted);
  const pad = ' '.repeat(indent);
  const rest = lines.map((line) => (line === '' ? line : pad + line));
  const isBlock = rest.length > 0;
  // Behind a block there is no place for a comment of its first line.
  const notes = isBlock && trailing !== null ? [...comments, trailing[1] ?? ''] : comments;
  const stop = isBlock && trailing !== null ? end + trailing[0].length : end;
  put(walk, slot, after, stop, withNotes([head, ...rest], notes, pad, kind));
}

/** Comments go to the end of the first line, or where that is the first field of an item, above it. */
function withNotes(
  [head = '', ...rest]: readonly string[],
  notes: readonly string[],
  pad: string,
  kind: Slot['kind'],
): string {
  const [first, ...others] = notes;
  if (first === undefined) return [head, ...rest].join('\n');
  const inOneLine = rest.length === 0 || /^ [|>]/.test(head);
  if (inOneLine) return [`${head} ${notes.join(' ')}`, ...rest].join('\n');
  const above = others.map((note) => `${pad}  ${note}`);
  if (kind === 'pair') return [`${head} ${first}`, ...above, ...rest].join('\n');
  return [` ${first}`, ...above, `${pad}  ${head.trimStart()}`, ...rest].join('\n');
}

/** What stands behind `key:`, the first line first. */
function pairLines(walk: Walk, value: Json): readonly string[] {
  const [head = '', ...rest] = blockLines({ k: value }, walk.style);
  return [head.slice(2), ...rest];
}

/** What stands behind `-`. */
function itemLines(walk: Walk, value: Json): readonly string[] {
  const [head = '', ...rest] = blockLines([value], {
    ...walk.style,
    indentSeq: walk.style.indentSeq,
  });
  return [head.slice(1), ...rest];
}
