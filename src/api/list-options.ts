/**
 * What a list or watch asks for beyond selectors: Kubernetes' `metav1.ListOptions`, with the rules of
 * `ValidateListOptions` (k8s.io/apimachinery `metainternalversion/validation`). Pure.
 */
import { decodeToken, type PageToken } from './page-token.ts';
import { ApiError } from './reply.ts';

export type VersionMatch = 'Exact' | 'NotOlderThan';

export interface ListOptions {
  /** How many objects at most; undefined: all. */
  readonly limit?: number;
  /** Where an earlier page ended. */
  readonly from?: PageToken;
  /** Undefined: the most recent. */
  readonly version?: number;
  readonly match: VersionMatch;
}

export interface WatchOptions {
  /** Undefined: begin with all that is there, or with what comes next. */
  readonly version?: number;
  /** Tell what is there first. */
  readonly initialEvents: boolean;
  /** A BOOKMARK is to mark the end of the initial events. */
  readonly marksInitialEvents: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
}

const LONGEST_WATCH_S = 24 * 3600;

export function isWatch(query: URLSearchParams): boolean {
  return isTrue(query.get('watch'));
}

/** @throws ApiError 400, 422 */
export function listOptionsOf(query: URLSearchParams): ListOptions {
  const limit = limitOf(query.get('limit'));
  const version = versionOf(query.get('resourceVersion'));
  const token = query.get('continue') ?? '';
  const match = matchOf(query.get('resourceVersionMatch'));
  if (query.has('sendInitialEvents')) throw forbidden('sendInitialEvents', 'it is for watches');
  if (match !== undefined && version === undefined)
    throw forbidden('resourceVersionMatch', 'it needs a resourceVersion');
  if (match === 'Exact' && version === 0)
    throw forbidden('resourceVersionMatch', 'Exact does not go with resourceVersion "0"');
  if (token !== '') {
    if (match !== undefined) throw forbidden('resourceVersionMatch', 'continue is given');
    if (version !== undefined && version !== 0)
      throw new ApiError('specifying resource version is not allowed when using continue', {
        code: 400,
      });
    return { ...limit, from: decodeToken(token), match: 'Exact' };
  }
  if (version === undefined || version === 0) return { ...limit, match: 'NotOlderThan' };
  // Kubernetes' legacy: with a limit, a version alone means that one.
  const legacy = limit.limit === undefined ? 'NotOlderThan' : 'Exact';
  return { ...limit, version, match: match ?? legacy };
}

/** @throws ApiError 400, 422 */
export function watchOptionsOf(query: URLSearchParams): WatchOptions {
  const version = versionOf(query.get('resourceVersion'));
  const match = matchOf(query.get('resourceVersionMatch'));
  const sends = query.get('sendInitialEvents');
  const bookmarks = isTrue(query.get('allowWatchBookmarks'));
  const timeoutMs = Math.ceil(secondsOf(query.get('timeoutSeconds')) * 1000);
  if ((query.get('continue') ?? '') !== '') throw forbidden('continue', 'it is for lists');
  if (sends === null && match !== undefined)
    throw forbidden('resourceVersionMatch', 'for watches it goes with sendInitialEvents');
  if (sends !== null && match !== 'NotOlderThan')
    throw forbidden('resourceVersionMatch', 'sendInitialEvents needs NotOlderThan');
  const fromNow = version === undefined || version === 0;
  const wanted = sends !== null && isTrue(sends);
  return {
    ...(fromNow ? {} : { version }),
    // Without sendInitialEvents: Kubernetes' legacy, "get state and start at any".
    initialEvents: sends === null ? fromNow : wanted,
    marksInitialEvents: wanted && bookmarks,
    bookmarks,
    timeoutMs,
  };
}

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true';
}

function limitOf(value: string | null): { readonly limit?: number } {
  if (value === null || value === '') return {};
  const limit = Number(value);
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new ApiError(`limit must be a whole number from 0, not "${value}"`, { code: 400 });
  return limit === 0 ? {} : { limit };
}

function versionOf(value: string | null): number | undefined {
  if (value === null || value === '') return undefined;
  const version = Number(value);
  if (!Number.isSafeInteger(version) || version < 0)
    throw new ApiError(`resourceVersion "${value}" is not one that this server gave out`, {
      code: 400,
    });
  return version;
}

function matchOf(value: string | null): VersionMatch | undefined {
  if (value === null || value === '') return undefined;
  if (value === 'Exact' || value === 'NotOlderThan') return value;
  throw invalid('resourceVersionMatch', 'FieldValueNotSupported', [
    `Unsupported value: "${value}": supported values: "Exact", "NotOlderThan"`,
  ]);
}

function secondsOf(value: string | null): number {
  const seconds = value === null || value === '' ? LONGEST_WATCH_S : Number(value);
  if (!(seconds >= 0))
    throw new ApiError(`timeoutSeconds "${value}" is not a number from 0`, { code: 400 });
  // Kubernetes: 0 is no timeout.
  return seconds === 0 ? LONGEST_WATCH_S : Math.min(seconds, LONGEST_WATCH_S);
}

function forbidden(field: string, why: string): ApiError {
  return invalid(field, 'FieldValueForbidden', [`Forbidden: ${why}`]);
}

function invalid(field: string, reason: string, words: readonly string[]): ApiError {
  const message = words.join('; ');
  return new ApiError(`ListOptions.meta.k8s.io "" is invalid: ${field}: ${message}`, {
    code: 422,
    details: { group: 'meta.k8s.io', kind: 'ListOptions', causes: [{ reason, message, field }] },
  });
}
