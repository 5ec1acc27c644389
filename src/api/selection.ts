/**
 * Which objects a list or watch asks for: namespace, name, and the selectors that one host needs. A selector that
 * is not understood is refused: ignoring it would answer with objects that were not asked for.
 */
import { ApiError } from './reply.ts';

export interface Selectable {
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What a field selector can name, e.g. `metadata.name`. */
  readonly fields: Readonly<Record<string, string>>;
}

export type Selection = (object: Selectable) => boolean;

/**
 * @param known what a field selector may name
 * @throws ApiError 400 for a selector that is not supported
 */
export function selectionOf(
  namespace: string | undefined,
  query: URLSearchParams,
  known: readonly string[],
): Selection {
  const fields = terms(query.get('fieldSelector')).map((term) => fieldTerm(term, known));
  const labels = terms(query.get('labelSelector')).map(labelTerm);
  const inNamespace: Selection = (o) => namespace === undefined || o.namespace === namespace;
  const all = [inNamespace, ...fields, ...labels];
  return (object) => all.every((matches) => matches(object));
}

function terms(selector: string | null): readonly string[] {
  return (selector ?? '').split(',').filter((term) => term.trim() !== '');
}

function fieldTerm(term: string, known: readonly string[]): Selection {
  const { key, value, negated } = equality(term, 'fieldSelector');
  if (!known.includes(key)) {
    const names = known.join(', ');
    throw new ApiError(`field label not supported: ${key}; supported: ${names}`, { code: 400 });
  }
  return (o) => (o.fields[key] === value) !== negated;
}

function labelTerm(term: string): Selection {
  const plain = /^!?[\w./-]+$/.exec(term.trim());
  if (plain !== null) {
    const absent = plain[0].startsWith('!');
    const key = absent ? plain[0].slice(1) : plain[0];
    return (o) => (o.labels?.[key] === undefined) === absent;
  }
  const { key, value, negated } = equality(term, 'labelSelector');
  return (o) => (o.labels?.[key] === value) !== negated;
}

function equality(
  term: string,
  selector: string,
): { readonly key: string; readonly value: string; readonly negated: boolean } {
  const match = /^\s*([\w./-]+)\s*(==?|!=)\s*([^=!]*?)\s*$/.exec(term);
  const [, key, operator, value] = match ?? [];
  if (key === undefined || value === undefined)
    throw new ApiError(
      `${selector} "${term}" is not understood; KEY=VALUE, KEY!=VALUE and, for labels, KEY and !KEY are`,
      { code: 400 },
    );
  return { key, value, negated: operator === '!=' };
}
