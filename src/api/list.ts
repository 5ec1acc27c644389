/** One page of a list. All pages of a list show one version, also when things change in between. */
import type { ListOptions } from './list-options.ts';
import { encodeToken } from './page-token.ts';
import { ApiError } from './reply.ts';
import type { Selection } from './selection.ts';
import type { ApiObject, Source } from './source.ts';

export interface Page<T> {
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

/** `metav1.ListMeta`. */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** @throws ApiError 400, 410, 504 */
export function pageOf<T extends ApiObject>(
  source: Source<T>,
  selects: Selection<T>,
  options: ListOptions,
): Page<T> {
  const { version, items } = itemsOf(source, options);
  const wanted = items.filter(selects);
  const begin = options.from === undefined ? 0 : afterKey(wanted, options.from.after);
  const end = options.limit === undefined ? wanted.length : begin + options.limit;
  const page = wanted.slice(begin, end);
  const last = page.at(-1);
  const remaining = wanted.length - begin - page.length;
  return {
    metadata: {
      resourceVersion: String(version),
      ...(remaining > 0 && last !== undefined
        ? {
            continue: encodeToken({ version, after: keyOf(last) }),
            remainingItemCount: remaining,
          }
        : {}),
    },
    items: page,
  };
}

function itemsOf<T extends ApiObject>(
  source: Source<T>,
  { from, version: asked, match }: ListOptions,
): { readonly version: number; readonly items: readonly T[] } {
  const current = source.version();
  const version = from?.version ?? asked ?? current;
  if (version > current) throw from === undefined ? tooLarge(version, current) : expired(true);
  if (match === 'NotOlderThan' || version === current)
    return { version: current, items: source.list() };
  const items = source.at(version);
  if (items === undefined) throw expired(from !== undefined);
  return { version, items };
}

function afterKey<T extends ApiObject>(items: readonly T[], key: string): number {
  const index = items.findIndex((object) => keyOf(object) === key);
  if (index < 0)
    throw new ApiError(
      'continue key is not valid: it belongs to a list with other selectors; start a new one',
      { code: 400 },
    );
  return index + 1;
}

function keyOf({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Words of Kubernetes' apiserver, which clients know. */
function expired(isPage: boolean): ApiError {
  const message = isPage
    ? 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.'
    : 'The resourceVersion for the provided list is too old.';
  return new ApiError(message, { code: 410 });
}

/** Client libraries list again without a version when they see this cause. */
function tooLarge(version: number, current: number): ApiError {
  const message = `Too large resource version: ${version}, current: ${current}`;
  return new ApiError(message, {
    code: 504,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}
