/**
 * From HTTP to a handler and back: paths, bodies, errors and streams. Every error becomes a `Status` object, and
 * none tells a client more than it needs.
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { errorMessage } from '../core/thrown.ts';
import type { Logger } from '../ports.ts';
import { Refusal, type RefusalKind } from '../supervisor/refusal.ts';
import { MAX_BODY_BYTES } from './contract.ts';
import { jsonBytes } from './json-bytes.ts';
import {
  ApiError,
  type ApiRequest,
  type Fault,
  type JsonReply,
  type Reply,
  statusObject,
} from './reply.ts';
import type { Route } from './route.ts';
import { match } from './router.ts';

const REFUSAL_CODES: Readonly<Record<RefusalKind, number>> = {
  'not-found': 404,
  conflict: 409,
  'already-exists': 409,
  'bad-request': 400,
  unavailable: 503,
};

/** @param ending ends the streams, which have no end of their own */
export function requestListener(
  rows: readonly Route[],
  log: Logger,
  ending: AbortSignal,
): RequestListener {
  return (request, response) => {
    // Whoever hangs up must not bring the daemon down.
    response.on('error', () => {});
    request.on('error', () => {});
    answer(rows, request, response, ending).catch((error: unknown) => {
      log.debug({ error, url: request.url }, 'answer could not be sent');
      response.destroy();
    });
  };
}

async function answer(
  rows: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
  ending: AbortSignal,
): Promise<void> {
  let reply: Reply;
  try {
    reply = await replyTo(rows, request);
  } catch (error) {
    await discardRest(request);
    // A body that goes on: the connection cannot serve another request.
    if (!request.complete) response.setHeader('connection', 'close');
    sendError(response, error);
    return;
  }
  switch (reply.kind) {
    case 'json':
      return sendJson(response, reply.code, reply.body, reply);
    case 'bytes':
      return send(response, reply);
    case 'stream':
      return await sendStream(response, reply, ending);
  }
}

/** How long a refusal waits for what is on its way. */
const DISCARD_MS = 1000;

/**
 * Reads what is left of a refused body, within bounds: the kernel takes the answer away from a sender whose connection is
 * closed while something of it is unread.
 */
async function discardRest(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const alarm = setTimeout(resolve, DISCARD_MS);
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) resolve();
  });
  request.on('end', resolve);
  request.on('close', resolve);
  await promise;
  clearTimeout(alarm);
}

async function replyTo(rows: readonly Route[], request: IncomingMessage): Promise<Reply> {
  const url = urlOf(request);
  const method = request.method ?? 'GET';
  const found = match(rows, method, url.pathname);
  switch (found.kind) {
    case 'unknown-path':
      throw new ApiError(`the server could not find the requested resource: ${url.pathname}`, {
        code: 404,
      });
    case 'wrong-method':
      throw new ApiError(
        `${method} is not supported on ${url.pathname}; supported: ${found.allowed.join(', ')}`,
        { code: 405 },
      );
    case 'route': {
      const { params, version } = found;
      const contentType = mediaType(request.headers['content-type']);
      // Binary: each character stands for a byte.
      const encoding = contentType.includes('protobuf') ? 'latin1' : 'utf8';
      const streams = found.route.streams === true;
      const text = method === 'GET' || streams ? '' : (await readBody(request)).toString(encoding);
      return found.route.handle({
        method,
        params,
        version,
        query: url.searchParams,
        accept: request.headers.accept ?? '',
        ifNoneMatch: request.headers['if-none-match'] ?? '',
        contentType,
        ...ifMatchOf(request),
        text,
        body: parseBody(text, contentType),
        ...(streams && { content: request as AsyncIterable<Buffer> }),
      });
    }
  }
}

/** Any error as the `Status` that says it. */
export function sendError(response: ServerResponse, error: unknown): void {
  const fault = faultOf(error);
  sendJson(response, fault.code, statusObject(fault));
}

function ifMatchOf({ headers }: IncomingMessage): Pick<ApiRequest, 'ifMatch'> {
  const tag = headers['if-match'];
  return tag === undefined ? {} : { ifMatch: tag };
}

function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Parsed after a host of our own, so that `//x` is a path and no host. */
export function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? '/';
  const url = URL.parse(target.startsWith('/') ? `http://solovirt${target}` : target);
  if (url === null) throw new ApiError(`${target} is not a URL`, { code: 400 });
  return url;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new ApiError(`the request body is larger than ${MAX_BODY_BYTES} bytes`, { code: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A body of no stated type is JSON, and so is text, so that `curl -d` and `fetch` work as they stand. */
function parseBody(text: string, contentType: string): unknown {
  if (text.trim() === '') return {};
  // Not an empty object: options that were sent must not be taken for none.
  if (/yaml|protobuf|octet-stream/.test(contentType)) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const words = errorMessage(error);
    throw new ApiError(`the request body is not JSON: ${words}`, { code: 400, cause: error });
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof ApiError) return error.fault;
  if (error instanceof Refusal) return refusalFault(error);
  const words = errorMessage(error);
  return { code: isHostTrouble(error) ? 503 : 500, message: words };
}

function refusalFault({ kind, message }: Refusal): Fault {
  const reason = kind === 'already-exists' ? { reason: 'AlreadyExists' } : {};
  return { code: REFUSAL_CODES[kind], ...reason, message };
}

/** The host could not store it: a full or read-only disk. Nothing was done. */
function isHostTrouble(error: unknown): boolean {
  return error instanceof Error && error.name === 'StateWriteError';
}

function sendJson(
  response: ServerResponse,
  code: number,
  body: object,
  { contentType = 'application/json', warnings = [] }: Partial<JsonReply> = {},
): void {
  // Kubernetes' form of RFC 9110 warnings: code 299, no agent.
  const lines = warnings.map((words) => `299 - ${JSON.stringify(inAscii(words))}`);
  if (lines.length > 0) response.setHeader('warning', lines);
  send(response, { code, contentType, body: jsonBytes(body) });
}

/** A header takes no line break and nothing beyond Latin. */
function inAscii(words: string): string {
  return words.replace(/[^ -~]/g, '?');
}

function send(
  response: ServerResponse,
  { code, contentType, body, headers }: Omit<Extract<Reply, { kind: 'bytes' }>, 'kind'>,
): void {
  response.writeHead(code, {
    ...headers,
    'content-type': contentType,
    // The length of a 304 would be that of what is not sent.
    ...(code === 304 ? {} : { 'content-length': Buffer.byteLength(body) }),
  });
  response.end(body);
}

async function sendStream(
  response: ServerResponse,
  reply: Extract<Reply, { kind: 'stream' }>,
  ending: AbortSignal,
): Promise<void> {
  const reader = new AbortController();
  response.on('close', () => reader.abort());
  response.writeHead(200, { 'content-type': reply.contentType });
  // A client that watches something quiet must see that its watch began.
  response.flushHeaders();
  for await (const chunk of reply.chunks(AbortSignal.any([reader.signal, ending]))) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    response.off('drain', done);
    response.off('close', done);
    resolve();
  };
  response.on('drain', done);
  response.on('close', done);
  return promise;
}
