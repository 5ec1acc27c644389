/**
 * The documents of a VM file as stretches of its text: taking one out, and putting another text in the place of one.
 * Every other document stays as it is.
 */
import { sameElsewhere } from './edit-document.ts';
import { readYamlStream, type YamlDocument, type YamlStream } from './yaml-stream.ts';

export type DocumentRemoval =
  | { readonly kind: 'text'; readonly text: string }
  /** No document is left: the file is to go. */
  | { readonly kind: 'nothing-left' }
  | { readonly kind: 'refused'; readonly message: string };

export type BodyEdit =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** @param index `ParsedDocument.index` */
export function removeDocument(text: string, index: number): DocumentRemoval {
  const stream = readYamlStream(text);
  const document = documentAt(stream, index);
  if (!stream.ok || document === undefined)
    return { kind: 'refused', message: 'the document is not to be found' };
  const others = stream.documents.filter((other) => other !== document && !isNothing(other));
  if (others.length === 0) return { kind: 'nothing-left' };
  if (document.faults.length > 0)
    return {
      kind: 'refused',
      message: 'the document is not valid YAML, so that it is not certain where it ends',
    };
  const rest = text.slice(0, document.start) + text.slice(document.end);
  if (!holds(rest, text, others))
    return { kind: 'refused', message: 'the document cannot be taken out of its file' };
  return { kind: 'text', text: rest };
}

function isNothing({ contents, faults }: YamlDocument): boolean {
  return contents === undefined && faults.length === 0;
}

/** The text has exactly these documents. */
function holds(text: string, before: string, wanted: readonly YamlDocument[]): boolean {
  const stream = readYamlStream(text);
  if (!stream.ok) return false;
  const found = stream.documents.filter((document) => !isNothing(document));
  const textOf = (from: string, { start, end }: YamlDocument): string =>
    withoutMark(from.slice(start, end)).trim();
  return (
    found.length === wanted.length &&
    found.every((document, at) => {
      const other = wanted[at];
      return other !== undefined && textOf(text, document) === textOf(before, other);
    })
  );
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF?(---[ \t]*\r?\n)?/, '');
}

/** The text of a document, without the `---` before it. */
export function documentBody(text: string, index: number): string | undefined {
  const place = bodyOf(text, index);
  return place === undefined ? undefined : text.slice(place.start, place.end);
}

/** Puts another text in the place of a document's. It need not be valid, but it must be one document. */
export function replaceBody(text: string, index: number, body: string): BodyEdit {
  const place = bodyOf(text, index);
  if (place === undefined) return { ok: false, message: 'the document is not to be found' };
  const parts = readYamlStream(body);
  if (!parts.ok) return { ok: false, message: parts.fault.message };
  if (parts.documents.filter((document) => !isNothing(document)).length !== 1)
    return { ok: false, message: 'the text must be one YAML document, without "---" inside' };
  const lineBreak = /\r\n/.test(text) ? '\r\n' : '\n';
  const open = place.end < text.length && !body.endsWith('\n');
  const next = text.slice(0, place.start) + body + (open ? lineBreak : '') + text.slice(place.end);
  if (!sameElsewhere(text, next, index))
    return { ok: false, message: 'with this text the other documents of the file would change' };
  return { ok: true, text: next };
}

function bodyOf(
  text: string,
  index: number,
): { readonly start: number; readonly end: number } | undefined {
  const document = documentAt(readYamlStream(text), index);
  if (document === undefined) return undefined;
  const { start, end } = document;
  return {
    start: start + text.slice(start, end).length - withoutMark(text.slice(start, end)).length,
    end,
  };
}

function documentAt(stream: YamlStream, index: number): YamlDocument | undefined {
  const document = stream.ok ? stream.documents[index] : undefined;
  return document === undefined || isNothing(document) ? undefined : document;
}
