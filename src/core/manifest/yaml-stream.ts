/**
 * Text into YAML documents (YAML 1.2, core schema), with bounds that hold for hostile input: size, number
 * of tokens, documents and nesting. Never throws. What the documents mean is not known here.
 */
import { Composer, type CST, Lexer, type ParsedNode, Parser } from 'yaml';
import { shortened } from './field-path.ts';
import { sealedSyntax } from './sealed.ts';
import { utf8Bytes } from './utf8-bytes.ts';

/** A larger file is refused without being parsed. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;
export const MAX_DOCUMENTS = 64;
/** Bounds the time of a parse: some hundred ordinary VMs have fewer. */
export const MAX_TOKENS = 100_000;
/** Bounds recursion; a VirtualMachine needs about 12 levels. */
export const MAX_DEPTH = 64;
/** Characters of a syntax error; what it quotes can be read in the file. */
const MAX_MESSAGE = 160;

/** A fault of the text; `offset` counts from the beginning of the file. */
export interface YamlFault {
  readonly code: string;
  readonly offset: number;
  readonly message: string;
  /** Without anything of the text itself, where the message may quote it. */
  readonly sealed?: string;
}

export interface YamlDocument {
  /** Place in the file, empty documents counted. */
  readonly index: number;
  /** Offsets of the document's own text. */
  readonly start: number;
  readonly end: number;
  /** Undefined for an empty document. */
  readonly contents: ParsedNode | undefined;
  readonly faults: readonly YamlFault[];
}

export type YamlStream =
  | { readonly ok: true; readonly documents: readonly YamlDocument[] }
  | { readonly ok: false; readonly fault: YamlFault };

/** Splits a file into its documents, or says why it is refused as a whole. */
export function readYamlStream(text: string): YamlStream {
  const tooLarge = text.length > MAX_MANIFEST_BYTES || utf8Bytes(text) > MAX_MANIFEST_BYTES;
  if (tooLarge)
    return refused(
      'file-too-large',
      0,
      `the file is larger than ${MAX_MANIFEST_BYTES} bytes, which is the most that is read`,
    );
  const tokens = tokenize(text);
  if (!Array.isArray(tokens)) return { ok: false, fault: tokens };
  return compose(text, tokens);
}

function compose(text: string, tokens: readonly CST.Token[]): YamlStream {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    // Found in source-tree.ts: the library's own search is quadratic.
    uniqueKeys: false,
    prettyErrors: false,
    keepSourceTokens: true,
    logLevel: 'silent',
  });
  const documents: YamlDocument[] = [];
  let start = 0;
  for (const document of composer.compose(tokens, true, text.length)) {
    const index = documents.length;
    if (index === MAX_DOCUMENTS)
      return refused(
        'too-many-documents',
        start,
        `the file has more than ${MAX_DOCUMENTS} documents`,
      );
    // What could not be read after a broken document counts as its text, not as the next one's.
    if (documents.at(-1)?.faults.length) start = document.range[0];
    const end = document.range[2];
    const faults = [...document.errors, ...document.warnings].map(
      (fault): YamlFault => ({
        code: fault.code === 'TAG_RESOLVE_FAILED' ? 'yaml-tag' : 'yaml-syntax',
        offset: fault.pos[0],
        message: inOneLine(fault.message),
        sealed: sealedSyntax(fault.code, inOneLine(fault.message)),
      }),
    );
    const contents = isEmpty(document.contents) ? undefined : document.contents;
    documents.push({ index, start, end, contents: contents ?? undefined, faults });
    start = end;
  }
  return { ok: true, documents };
}

function isEmpty(node: ParsedNode | null): boolean {
  return node === null || ('value' in node && node.value === null);
}

/** Lexemes that stand for no text of the file (`yaml`: Lexer). */
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);

/** Syntax tokens, or the fault for which the file is refused. */
function tokenize(text: string): CST.Token[] | YamlFault {
  // Lexed to the end before anything is parsed: the parser is what takes time.
  const lexemes: string[] = [];
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexemes.length === MAX_TOKENS) {
      const message = `the file has more than ${MAX_TOKENS} YAML tokens`;
      return { code: 'too-complex', offset, message };
    }
    lexemes.push(lexeme);
    if (!MARKS.has(lexeme)) offset += lexeme.length;
  }
  const parser = new Parser();
  const tokens = lexemes.flatMap((lexeme) => [...parser.next(lexeme)]);
  tokens.push(...parser.end());
  return tooDeep(tokens) ?? tokens;
}

/** Iterative on purpose: composing recurses, so the depth must be known before. */
function tooDeep(tokens: readonly CST.Token[]): YamlFault | undefined {
  const open: { readonly token: CST.Token; readonly depth: number }[] = [];
  for (const token of tokens) open.push({ token, depth: 0 });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH)
      return {
        code: 'too-deep',
        offset: 'offset' in token ? token.offset : 0,
        message: `the file nests more than ${MAX_DEPTH} levels deep`,
      };
    if (token.type === 'document') {
      if (token.value) open.push({ token: token.value, depth });
    } else if ('items' in token) {
      for (const { key, value } of token.items) {
        if (key) open.push({ token: key, depth: depth + 1 });
        if (value) open.push({ token: value, depth: depth + 1 });
      }
    }
  }
  return undefined;
}

function refused(code: string, offset: number, message: string): YamlStream {
  return { ok: false, fault: { code, offset, message } };
}

/** The library's words without their position, and shortened: they may quote the rest of the file. */
function inOneLine(message: string): string {
  const line = (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
  return shortened(line, MAX_MESSAGE);
}
