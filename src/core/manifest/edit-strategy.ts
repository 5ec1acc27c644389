/**
 * Writes another run strategy into the text of a VM file and leaves every other character as it is:
 * comments, order, quotes, line endings. What cannot be done that way is refused with the reason.
 */
import { isAlias, isMap, isScalar, type ParsedNode, Scalar } from 'yaml';
import type { RunStrategy } from '../model/virtual-machine.ts';
import { parseManifests } from './parse.ts';
import { readYamlStream } from './yaml-stream.ts';

export type StrategyEdit =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** A stretch of text and what is to stand there. */
type Replacement =
  | { readonly start: number; readonly end: number; readonly written: string }
  | { readonly message: string };

/**
 * Sets `spec.runStrategy`, or `spec.running` where the file uses that and the strategy is Always or Halted.
 * `documentIndex` is `ParsedDocument.index`. The result has been read again: it says what was asked.
 */
export function setRunStrategy(
  text: string,
  documentIndex: number,
  strategy: RunStrategy,
): StrategyEdit {
  const stream = readYamlStream(text);
  if (!stream.ok) return refused(stream.fault.message);
  const document = stream.documents[documentIndex];
  if (document?.contents === undefined)
    return refused(`the file has no document ${documentIndex + 1}`);
  const before = strategyOf(text, documentIndex);
  if (before === undefined) return refused('the document has problems; correct them first');
  const replacement = findScalar(document.contents, strategy);
  if ('message' in replacement) return refused(replacement.message);
  const { start, end, written } = replacement;
  const edited = text.slice(0, start) + written + text.slice(end);
  if (strategyOf(edited, documentIndex) !== strategy)
    return refused('the run strategy is written in a way that cannot be edited in place');
  return { ok: true, text: edited };
}

function strategyOf(text: string, documentIndex: number): RunStrategy | undefined {
  const parsed = parseManifests(text).documents;
  return parsed.find((document) => document.index === documentIndex)?.vm?.runStrategy;
}

function refused(message: string): StrategyEdit {
  return { ok: false, message };
}

function findScalar(root: ParsedNode, strategy: RunStrategy): Replacement {
  const spec = fieldOf(root, 'spec');
  if (spec === undefined || isAlias(spec))
    return { message: 'spec is an alias or merged in; write it out' };
  if ('anchor' in spec && spec.anchor !== undefined)
    return { message: `spec has the anchor &${spec.anchor}, so an edit could change other places` };
  const runStrategy = fieldOf(spec, 'runStrategy');
  if (runStrategy !== undefined) return replaceScalar('runStrategy', runStrategy, strategy);
  const running = fieldOf(spec, 'running');
  if (running === undefined)
    return { message: 'the run strategy is merged in from elsewhere; write spec.runStrategy out' };
  if (strategy !== 'Always' && strategy !== 'Halted')
    return {
      message: `the file uses spec.running, which cannot say ${strategy}; write runStrategy: ${strategy} in its place`,
    };
  return replaceScalar('running', running, strategy === 'Always' ? 'true' : 'false');
}

function fieldOf(node: ParsedNode, key: string): ParsedNode | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
  return (pair?.value as ParsedNode | null | undefined) ?? undefined;
}

function replaceScalar(field: string, node: ParsedNode, value: string): Replacement {
  if (isAlias(node)) return { message: `spec.${field} is an alias; write the value out` };
  if (!isScalar(node)) return { message: `spec.${field} is not a single value` };
  if (node.anchor !== undefined)
    return {
      message: `spec.${field} has the anchor &${node.anchor}, so an edit could change other places`,
    };
  const quote = QUOTES.get(node.type);
  if (quote === undefined)
    return { message: `spec.${field} is a block of text; write it on one line` };
  const [start, end] = node.range;
  return { start, end, written: `${quote}${value}${quote}` };
}

const QUOTES: ReadonlyMap<string | undefined, string> = new Map([
  [Scalar.PLAIN, ''],
  [Scalar.QUOTE_SINGLE, "'"],
  [Scalar.QUOTE_DOUBLE, '"'],
]);
