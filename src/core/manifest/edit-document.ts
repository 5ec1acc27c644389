/**
 * Makes one document of a VM file say something else and leaves the rest of the text as it is: comments, order, quotes,
 * anchors, line endings, other documents. The result has been read again: it says what was asked, and nothing else of
 * the file has changed.
 */
import { isMap, isSeq, type ParsedNode, visit } from 'yaml';
import type { JsonObject } from '../model/json.ts';
import type { Walk } from './edit-place.ts';
import { applySplices, columnOf, valueEnd } from './edit-splices.ts';
import { walkDocument } from './edit-walk.ts';
import { createPositions, createReport } from './report.ts';
import { isSource } from './same-json.ts';
import type { SourceNode } from './source-node.ts';
import { buildSourceTree } from './source-tree.ts';
import { DEFAULT_STYLE, writeManifest, type YamlStyle } from './write-yaml.ts';
import { readYamlStream, type YamlDocument } from './yaml-stream.ts';

export type DocumentEdit =
  | {
      readonly ok: true;
      readonly text: string;
      /** The document was written anew, because it could not be changed in place. */
      readonly rewritten: boolean;
    }
  | { readonly ok: false; readonly message: string };

/** Each round resolves aliases that the one before made necessary. */
const MAX_ROUNDS = 8;

interface Read {
  readonly document: YamlDocument;
  readonly contents: ParsedNode;
  readonly source: SourceNode;
}

/** @param index `ParsedDocument.index` of a document without faults */
export function editDocument(text: string, index: number, wanted: JsonObject): DocumentEdit {
  const before = readDocument(text, index);
  if (before === undefined) return { ok: false, message: 'the document cannot be read' };
  if (isSource(before.source, wanted)) return { ok: true, text, rewritten: false };
  const inPlace = editInPlace(text, index, wanted);
  if (inPlace !== undefined && sameElsewhere(text, inPlace, index))
    return { ok: true, text: inPlace, rewritten: false };
  const anew = writeAnew(text, before, wanted);
  const after = readDocument(anew, index);
  if (after !== undefined && isSource(after.source, wanted) && sameElsewhere(text, anew, index))
    return { ok: true, text: anew, rewritten: true };
  return { ok: false, message: 'the document is written in a way that cannot be edited' };
}

function readDocument(text: string, index: number): Read | undefined {
  const stream = readYamlStream(text);
  const document = stream.ok ? stream.documents[index] : undefined;
  if (document?.contents === undefined || document.faults.length > 0) return undefined;
  const report = createReport(createPositions(text));
  const source = buildSourceTree(document.contents, report);
  if (source === undefined || report.hasErrors) return undefined;
  return { document, contents: document.contents, source };
}

function editInPlace(text: string, index: number, wanted: JsonObject): string | undefined {
  const expand = new Set<string>();
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const read = readDocument(current, index);
    if (read === undefined) return undefined;
    if (isSource(read.source, wanted)) return current;
    const walk = newWalk(current, read, expand);
    if (!walkDocument(walk, read.contents, read.source, wanted)) return undefined;
    const used = aliasesIn(read.contents);
    const orphaned = [...walk.lost].filter((name) => used.has(name) && !expand.has(name));
    for (const name of orphaned) expand.add(name);
    if (orphaned.length === 0) current = applySplices(current, walk.splices);
  }
  return undefined;
}

function newWalk(text: string, { contents }: Read, expand: ReadonlySet<string>): Walk {
  return {
    text,
    style: styleOf(text, contents),
    lineBreak: /\r\n/.test(text) ? '\r\n' : '\n',
    expand,
    splices: [],
    lost: new Set(),
    touched: new Set(),
    aliases: [],
  };
}

/** As the first nested map and the first list below a key stand in the text. */
function styleOf(text: string, contents: ParsedNode): YamlStyle {
  let step: number | undefined;
  let indentSeq: boolean | undefined;
  visit(contents, {
    Pair: (_, { key, value }) => {
      const at = (key as ParsedNode | null)?.range[0];
      const node = value as ParsedNode | null;
      if (at === undefined || node === null) return;
      const depth = columnOf(text, node.range[0]) - columnOf(text, at);
      if (step === undefined && isMap(node) && node.flow !== true && depth > 0) step = depth;
      if (indentSeq === undefined && isSeq(node) && node.flow !== true) indentSeq = depth > 0;
    },
  });
  return { step: step ?? DEFAULT_STYLE.step, indentSeq: indentSeq ?? DEFAULT_STYLE.indentSeq };
}

function aliasesIn(contents: ParsedNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(contents, { Alias: (_, node) => void names.add(node.source) });
  return names;
}

/** The other documents say what they said. */
export function sameElsewhere(before: string, after: string, index: number): boolean {
  const [old, now] = [readYamlStream(before), readYamlStream(after)];
  if (!old.ok || !now.ok || old.documents.length !== now.documents.length) return false;
  return old.documents.every((document, at) => {
    const other = now.documents[at];
    if (at === index || other === undefined) return at === index;
    const same = before.slice(document.start, document.end) === after.slice(other.start, other.end);
    return same || (at === index + 1 && sameText(before, document, after, other));
  });
}

/** A document begins where the one before ends, which may have come to end elsewhere among blank lines. */
function sameText(before: string, a: YamlDocument, after: string, b: YamlDocument): boolean {
  return before.slice(a.start, a.end).trim() === after.slice(b.start, b.end).trim();
}

/** Comments before and behind the document stay. */
function writeAnew(text: string, { document, contents }: Read, wanted: JsonObject): string {
  const head = text.slice(document.start, contents.range[0]);
  const kept = head
    .split(/(?<=\n)/)
    .filter((line) => /^\uFEFF?\s*(#.*|---\s*(#.*)?)?$/.test(line.trimEnd()));
  const mark = head.startsWith('\uFEFF') && !kept.join('').startsWith('\uFEFF') ? '\uFEFF' : '';
  const end = valueEnd(text, contents, contents.range[1]);
  const tail = text.slice(end, document.end);
  const lineBreak = /\r\n/.test(text) ? '\r\n' : '\n';
  const body = writeManifest(wanted).replace(/\n$/, '').replaceAll('\n', lineBreak);
  const before = mark + kept.join('').trimEnd();
  const gap = before === '' || before === '\uFEFF' ? '' : lineBreak;
  return `${text.slice(0, document.start)}${before}${gap}${body}${tail === '' ? lineBreak : tail}${text.slice(document.end)}`;
}
