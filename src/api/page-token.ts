/**
 * The `continue` of a list: opaque to clients, in the form that Kubernetes' own tokens have (apiserver
 * `storage.EncodeContinue`).
 */
import { ApiError } from './reply.ts';

export interface PageToken {
  /** The version that the first page was of: all pages are. */
  readonly version: number;
  /** Key of the last object of the page before. */
  readonly after: string;
}

const FORM = 'meta.k8s.io/v1';

export function encodeToken({ version, after }: PageToken): string {
  return Buffer.from(JSON.stringify({ v: FORM, rv: version, start: after })).toString('base64url');
}

/** @throws ApiError 400 for what is no token of ours */
export function decodeToken(text: string): PageToken {
  const { v, rv, start } = parsed(text);
  if (v === FORM && Number.isSafeInteger(rv) && typeof start === 'string')
    return { version: Number(rv), after: start };
  throw new ApiError('continue key is not valid: it is none that this server gave out', {
    code: 400,
  });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
