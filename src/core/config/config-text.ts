/**
 * Reads the text of the configuration file: YAML, one mapping, known entries only. Every value keeps its
 * position, so that later complaints can name it. Aliases are not followed, so none can blow up.
 */
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { didYouMean } from './setting-values.ts';
import { type ConfigProblem, type GivenValue, SETTING_KEYS } from './settings.ts';

export interface ConfigText {
  /** By setting key, `backoff.baseSeconds` for an entry of a mapping. */
  readonly values: ReadonlyMap<string, GivenValue>;
  readonly problems: readonly ConfigProblem[];
}

interface Reader {
  readonly values: Map<string, GivenValue>;
  readonly problems: ConfigProblem[];
  /** `FILE:LINE:COLUMN` of a node or of an offset. */
  readonly at: (place: unknown) => string;
}

/** @param path only for naming it */
export function readConfigText(path: string, text: string): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (place: unknown): string => {
    const offset = isNode(place) ? place.range?.[0] : place;
    const { line, col } = lines.linePos(typeof offset === 'number' ? offset : 0);
    return `${path}:${line}:${col}`;
  };
  const reader: Reader = { values: new Map(), problems: [], at };
  const [error] = document.errors;
  if (error !== undefined) {
    // The first only: the parser's later complaints are mostly about the first one's consequences.
    const message = `not valid YAML: ${error.message}`;
    return { ...reader, problems: [{ origin: at(error.pos[0]), setting: '', message }] };
  }
  const { contents } = document;
  if (isMap(contents)) readMapping(reader, contents, '');
  else if (contents !== null && !(isScalar(contents) && contents.value === null)) {
    const message = 'the configuration must be a mapping such as "accel: tcg"';
    reader.problems.push({ origin: at(contents), setting: '', message });
  }
  return reader;
}

function readMapping(reader: Reader, map: YAMLMap, prefix: string): void {
  for (const pair of map.items) readEntry(reader, pair, prefix);
}

function readEntry(reader: Reader, { key, value }: Pair, prefix: string): void {
  const name = `${prefix}${isScalar(key) ? String(key.value) : '?'}`;
  const origin = reader.at(key);
  const isGroup = SETTING_KEYS.some((known) => known.startsWith(`${name}.`));
  if (isGroup && isMap(value)) readMapping(reader, value, `${name}.`);
  else if (isGroup) {
    reader.problems.push({ origin, setting: name, message: 'must be a mapping' });
  } else if (SETTING_KEYS.some((known) => known === name)) {
    const raw = isSeq(value) ? value.items.map(plainValue) : plainValue(value);
    reader.values.set(name, { raw, origin: isNode(value) ? reader.at(value) : origin });
  } else {
    reader.problems.push({ origin, setting: name, message: unknownEntry(name, prefix) });
  }
}

/** What is no scalar stays a node, which no reader takes. */
function plainValue(value: unknown): unknown {
  return isScalar(value) ? value.value : value;
}

function unknownEntry(name: string, prefix: string): string {
  const siblings = SETTING_KEYS.filter((key) => key.startsWith(prefix)).map(
    (key) => `${prefix}${key.slice(prefix.length).split('.')[0] ?? ''}`,
  );
  return `is not a setting${didYouMean(name, siblings)}`;
}
