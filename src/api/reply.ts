/** What a handler answers: a JSON object, bytes of another type, or a stream that ends with its source or its reader. */
import type { StatusObject } from './contract-meta.ts';

export type Reply =
  | JsonReply
  | {
      readonly kind: 'bytes';
      readonly code: number;
      readonly contentType: string;
      readonly body: string | Uint8Array;
      /** Others than type and length. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'stream';
      readonly contentType: string;
      /** Called once headers may go out; ends when `signal` says that nobody reads any more. */
      readonly chunks: (signal: AbortSignal) => AsyncIterable<string>;
    };

export interface JsonReply {
  readonly kind: 'json';
  readonly code: number;
  readonly body: object;
  /** `application/json` unless given. */
  readonly contentType?: string;
  /** Kubernetes' `Warning` headers (RFC 9110, code 299): what was accepted, but should be changed. */
  readonly warnings?: readonly string[];
}

export interface ApiRequest {
  readonly method: string;
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The version of `kubevirt.io` in the path, where there is one: `v1` or `v1alpha3`. */
  readonly version: string;
  /** The Accept header; empty when there is none. */
  readonly accept: string;
  /** The If-None-Match header; empty when there is none. */
  readonly ifNoneMatch: string;
  /** Media type of the body in lower case, without parameters; empty when none was given. */
  readonly contentType: string;
  /** The If-Match header, where there is one. */
  readonly ifMatch?: string;
  /** The body as sent; of protobuf, one character for each byte. */
  readonly text: string;
  /** The body parsed as JSON; an empty one is `{}`, one of another media type undefined. */
  readonly body: unknown;
  /** The body as it comes, where the route takes it so; `text` and `body` are empty then. */
  readonly content?: AsyncIterable<Uint8Array>;
}

export function json(body: object, code = 200): JsonReply {
  return { kind: 'json', code, body };
}

/** Reasons are Kubernetes' (`metav1.StatusReason`), the usual one for each code that solovirt answers with. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  406: 'NotAcceptable',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
};

export interface Fault {
  readonly code: number;
  /** Where it is not the usual one of the code: `AlreadyExists`. */
  readonly reason?: string;
  readonly message: string;
  readonly details?: StatusObject['details'];
}

/** An error as Kubernetes clients read it. */
export function statusObject({ code, message, details, ...fault }: Fault): StatusObject {
  const reason = fault.reason ?? REASONS[code];
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

  constructor(message: string, options: Omit<Fault, 'message'> & { readonly cause?: unknown }) {
    const { cause, ...fault } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.fault = { ...fault, message };
  }
}
