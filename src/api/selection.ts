/**
 * Which objects a list or watch asks for: namespace, and Kubernetes' label and field selectors (`labels.Parse`,
 * `fields.ParseSelector`). A selector that is not understood is refused: ignoring it would answer with objects that were
 * not asked for.
 */
import { ApiError } from './reply.ts';

export interface Selectable {
  readonly metadata: {
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

export type Selection<T> = (object: T) => boolean;

/** What field selectors can name, and how it is read. */
export type FieldReaders<T> = Readonly<Record<string, (object: T) => string>>;

/** @throws ApiError 400 for a selector that is not understood */
export function selectionOf<T extends Selectable>(
  namespace: string | undefined,
  query: URLSearchParams,
  readers: FieldReaders<T>,
): Selection<T> {
  const all: readonly Selection<T>[] = [
    ...(namespace === undefined ? [] : [(o: T) => o.metadata.namespace === namespace]),
    ...fieldTerms(query.get('fieldSelector') ?? '', readers),
    ...labelTerms(query.get('labelSelector') ?? ''),
  ];
  return (object) => all.every((matches) => matches(object));
}

/** Split at commas; a backslash takes the next character out of the grammar. */
function fieldTerms<T>(selector: string, readers: FieldReaders<T>): readonly Selection<T>[] {
  return split(selector, /(?:\\.|[^\\,])+|(\\$)/gs).map((term) => fieldTerm(term, readers));
}

function fieldTerm<T>(term: string, readers: FieldReaders<T>): Selection<T> {
  const [, key, operator, escaped] = /^([^=!\\]+?)\s*(==?|!=)((?:\\.|[^\\=,])*)$/s.exec(term) ?? [];
  if (key === undefined || escaped === undefined)
    throw bad(
      `fieldSelector "${term}" is not understood; KEY=VALUE, KEY==VALUE and KEY!=VALUE are`,
    );
  const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
  if (read === undefined)
    throw bad(`field label not supported: ${key}; supported: ${Object.keys(readers).join(', ')}`);
  const value = escaped.trim().replace(/\\(.)/gs, '$1');
  return (object) => (read(object) === value) !== (operator === '!=');
}

/** Split at commas outside of parentheses. */
function labelTerms(selector: string): readonly Selection<Selectable>[] {
  return split(selector, /(?:[^,(]|\([^)]*\)?)+/g).map((term) => {
    const holds = labelTerm(term);
    return ({ metadata }) => holds(labelOf(metadata.labels, term));
  });
}

type Requirement = (value: string | undefined) => boolean;

/** The label's name is the term's first word. */
const LABEL = /^!?\s*([\w./-]+)\s*/;

function labelOf(
  labels: Readonly<Record<string, string>> | undefined,
  term: string,
): string | undefined {
  const name = LABEL.exec(term)?.[1] ?? '';
  return labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function labelTerm(term: string): Requirement {
  const name = LABEL.exec(term);
  const rest = name === null ? undefined : term.slice(name[0].length);
  if (rest === '') return term.startsWith('!') ? (value) => value === undefined : isThere;
  if (rest !== undefined && !term.startsWith('!')) {
    const requirement = equality(rest) ?? membership(rest) ?? comparison(rest);
    if (requirement !== undefined) return requirement;
  }
  throw bad(
    `labelSelector "${term}" is not understood; KEY=VALUE, KEY!=VALUE, KEY in (A,B), KEY notin (A,B), KEY, !KEY, KEY>N and KEY<N are`,
  );
}

function isThere(value: string | undefined): boolean {
  return value !== undefined;
}

const VALUE = '[\\w.-]*';

function equality(rest: string): Requirement | undefined {
  const [, operator, wanted] = new RegExp(`^(==?|!=)\\s*(${VALUE})$`).exec(rest) ?? [];
  if (operator === undefined) return undefined;
  return (value) => (value === wanted) !== (operator === '!=');
}

function membership(rest: string): Requirement | undefined {
  const list = `\\(\\s*(${VALUE}(?:\\s*,\\s*${VALUE})*)\\s*\\)`;
  const [, operator, members] = new RegExp(`^(in|notin)\\s*${list}$`).exec(rest) ?? [];
  if (members === undefined) return undefined;
  const wanted = new Set<string | undefined>(members.split(',').map((member) => member.trim()));
  return (value) => wanted.has(value) !== (operator === 'notin');
}

function comparison(rest: string): Requirement | undefined {
  const [, operator, limit] = /^([<>])\s*(-?\d+)$/.exec(rest) ?? [];
  if (limit === undefined) return undefined;
  return (value) => {
    if (value === undefined || !/^-?\d+$/.test(value)) return false;
    return operator === '>' ? BigInt(value) > BigInt(limit) : BigInt(value) < BigInt(limit);
  };
}

function split(selector: string, terms: RegExp): readonly string[] {
  return (selector.match(terms) ?? []).map((term) => term.trim()).filter((term) => term !== '');
}

function bad(message: string): ApiError {
  return new ApiError(message, { code: 400 });
}
