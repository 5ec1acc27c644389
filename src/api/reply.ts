/** What a handler answers: a JSON object, or a stream that ends with its source or its reader. */
import type { StatusObject } from './contract.ts';

export type Reply =
  | { readonly kind: 'json'; readonly code: number; readonly body: object }
  | {
      readonly kind: 'stream';
      readonly contentType: string;
      /** Called once headers may go out; ends when `signal` says that nobody reads any more. */
      readonly chunks: (signal: AbortSignal) => AsyncIterable<string>;
    };

export interface ApiRequest {
  readonly method: string;
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed body; an empty one is `{}`. */
  readonly body: unknown;
}

export function json(body: object, code = 200): Reply {
  return { kind: 'json', code, body };
}

/** Reasons are Kubernetes' (`metav1.StatusReason`), one for each code that solovirt answers with. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

export interface Fault {
  readonly code: number;
  readonly message: string;
  readonly details?: StatusObject['details'];
}

/** An error as Kubernetes clients read it. */
export function statusObject({ code, message, details }: Fault): StatusObject {
  const reason = REASONS[code];
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** A request that cannot be answered as asked; becomes a `Status` object. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly fault: Fault;

  constructor(message: string, options: { readonly code: number; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.fault = { code: options.code, message };
  }
}
