/**
 * In which form a client wants to read: the objects, a table for people to look at, or metadata alone. Chosen by the Accept
 * header as Kubernetes does (`as=Table;v=v1;g=meta.k8s.io`). Pure.
 */
import { ApiError, type ApiRequest } from './reply.ts';

export type MetaVersion = 'v1' | 'v1beta1';
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export type Form =
  | { readonly kind: 'object' }
  | { readonly kind: 'table'; readonly version: MetaVersion; readonly include: IncludeObject }
  | { readonly kind: 'metadata'; readonly version: MetaVersion };

/** @throws ApiError 406 when nothing that is accepted can be given; 400 for an unknown `includeObject` */
export function formOf({ accept, query }: Pick<ApiRequest, 'accept' | 'query'>): Form {
  const include = includeOf(query.get('includeObject'));
  const clauses = accept.split(',').map((clause) => clause.trim());
  if (accept.trim() === '') return { kind: 'object' };
  // In the order in which they are named: clients put what they like best first.
  for (const clause of clauses) {
    const form = formOfClause(clause, include);
    if (form !== undefined) return form;
  }
  throw new ApiError(
    `nothing of "${accept}" can be given; this server gives application/json, as=Table or as=PartialObjectMetadata of meta.k8s.io/v1 too`,
    { code: 406 },
  );
}

function formOfClause(clause: string, include: IncludeObject): Form | undefined {
  const [type = '', ...parameters] = clause
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (!['application/json', 'application/*', '*/*'].includes(type)) return undefined;
  const values = new Map(parameters.map((part) => part.split('=', 2) as [string, string]));
  const as = values.get('as');
  if (as === undefined) return { kind: 'object' };
  const version = values.get('v');
  if (values.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1'))
    return undefined;
  if (as === 'table') return { kind: 'table', version, include };
  const isMetadata = as === 'partialobjectmetadata' || as === 'partialobjectmetadatalist';
  return isMetadata ? { kind: 'metadata', version } : undefined;
}

function includeOf(value: string | null): IncludeObject {
  if (value === null || value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw new ApiError(`includeObject must be None, Metadata or Object, not "${value}"`, {
    code: 400,
  });
}
