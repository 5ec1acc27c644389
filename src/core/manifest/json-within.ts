/**
 * JSON that stands as text inside a YAML file, as nodes that remember where they stand in the file. JSON is YAML, so the
 * readers of fields read both.
 */
import { errorMessage } from '../thrown.ts';
import type { Place, Report } from './report.ts';
import type { SourceNode, SourceScalar } from './source-node.ts';
import { buildSourceTree } from './source-tree.ts';
import { readYamlStream } from './yaml-stream.ts';

export interface JsonWithin {
  readonly root: SourceNode;
  /** Takes what is found out about nodes of `root`; paths are those within the JSON. */
  readonly report: Report;
  /** Where something within stands in the file. */
  readonly placeOf: (within: Place) => Place;
}

/**
 * @param scalar the text
 * @param path of the scalar
 * @param file the whole file's text
 * @returns undefined when it is no JSON: that is reported
 */
export function readJsonWithin(
  scalar: SourceScalar,
  path: string,
  file: string,
  report: Report,
): JsonWithin | undefined {
  const text = String(scalar.value);
  const inFile = placesIn(text, file, scalar.offset);
  const wrong = jsonFault(text);
  if (wrong !== undefined) {
    report.error(
      'invalid-value',
      { path, offset: inFile(wrong.at) },
      `this is not JSON: ${wrong.words}`,
    );
    return undefined;
  }
  const placeOf = (within: Place): Place => ({
    path: within.path === '' ? path : `${path}.${within.path}`,
    offset: inFile(within.offset),
  });
  const within: Report = {
    error: (code, at, message) => report.error(code, placeOf(at), message),
    warning: (code, at, message) => report.warning(code, placeOf(at), message),
  };
  const stream = readYamlStream(text);
  const contents = stream.ok ? stream.documents[0]?.contents : undefined;
  const root = contents && buildSourceTree(contents, within);
  if (root === undefined) {
    report.error('invalid-value', { path, offset: scalar.offset }, 'this is too large, or empty');
    return undefined;
  }
  return { root, report: within, placeOf };
}

interface JsonFault {
  readonly words: string;
  /** Where in the text; -1 when that is not known. */
  readonly at: number;
}

/** V8 tells the place of most faults, by the lines of the text; people look for it by those of the file. */
const PLACE = / in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/;

function jsonFault(text: string): JsonFault | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const said = errorMessage(error);
    return { words: said.replace(PLACE, ''), at: Number(PLACE.exec(said)?.[1] ?? -1) };
  }
}

/**
 * Where each character of a scalar stands in the file. YAML may have folded it, cut its indentation and undone escapes, so
 * both are walked along side by side, past all white space. What cannot be followed stands where the scalar begins.
 */
function placesIn(text: string, file: string, start: number): (offset: number) => number {
  const places = new Map<number, number>();
  let at = bodyStart(file, start);
  for (let index = 0; index < text.length; index += 1) {
    if (isBlank(text[index])) continue;
    while (isBlank(file[at])) at += 1;
    // '' in single quotes, \" in double ones.
    if (file[at] !== text[index] || (text[index] === "'" && file[at + 1] === "'")) at += 1;
    if (file[at] !== text[index]) break;
    places.set(index, at);
    at += 1;
  }
  return (offset) => places.get(offset) ?? start;
}

/** Past the quote, or the head of a block scalar, which ends its line. */
function bodyStart(file: string, start: number): number {
  const first = file[start];
  if (first === '"' || first === "'") return start + 1;
  if (first !== '|' && first !== '>') return start;
  const end = file.indexOf('\n', start);
  return end === -1 ? file.length : end + 1;
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}
