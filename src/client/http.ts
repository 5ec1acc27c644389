/**
 * One HTTP exchange over the Unix socket. Owns the connection, the deadline and the translation of
 * socket errors into what the user can do. On `node:net`, because loading `node:http` takes as long as all the rest of
 * a short command.
 */
import { connect } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { errorCode, errorMessage } from '../core/thrown.ts';
import {
  ConnectionLostError,
  InterruptedError,
  NoAnswerError,
  NoDaemonError,
  SocketForbiddenError,
  SolovirtError,
  UnexpectedAnswerError,
} from './errors.ts';
import { NotHttpError, ResponseParser } from './response-parser.ts';
import { type ClientSettings, DEFAULT_LIMITS } from './settings.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  /** `application/json` unless given. */
  readonly contentType?: string;
  /** ETag that what is replaced must have. */
  readonly ifMatch?: string;
  /** Ends the exchange from outside, beside the client's own signal. */
  readonly signal?: AbortSignal;
  /** What the deadline covers: the whole exchange, each silence of the peer, or only the head. */
  readonly patience: 'whole' | 'silence' | 'endless';
}

export interface HttpAnswer {
  readonly code: number;
  /** Decoded body. Leaving the loop closes the connection. */
  readonly body: AsyncIterable<string>;
}

interface Exchange {
  readonly settings: ClientSettings;
  readonly socketPath: string;
  readonly request: HttpRequest;
  readonly deadline: Deadline;
}

interface Deadline {
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Lets the time run from now on. */
  start(): void;
  stop(): void;
}

function createDeadline(ms: number): Deadline {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  const start = (): void => {
    stop();
    timer = setTimeout(() => controller.abort(), ms);
  };
  return { ms, signal: controller.signal, start, stop };
}

/**
 * Sends the request and returns once the head of the answer is there.
 * @throws NoDaemonError, ConnectionLostError, InterruptedError, NoAnswerError, UnexpectedAnswerError
 */
export async function sendRequest(
  settings: ClientSettings,
  socketPath: string,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const deadline = createDeadline(settings.limits?.requestMs ?? DEFAULT_LIMITS.requestMs);
  const exchange: Exchange = { settings, socketPath, request, deadline };
  deadline.start();
  try {
    return await exchangeHead(exchange);
  } catch (error) {
    deadline.stop();
    throw explain(error, exchange);
  }
}

async function exchangeHead(exchange: Exchange): Promise<HttpAnswer> {
  const { settings, socketPath, request, deadline } = exchange;
  const signals = [settings.signal, deadline.signal, request.signal];
  const socket = connect({
    path: socketPath,
    signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
  });
  // For errors that nobody waits for, such as one between two reads.
  socket.on('error', () => undefined);
  socket.write(requestText(request));
  const bytes = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const parser = new ResponseParser();
  try {
    const first: Buffer[] = [];
    while (parser.code === undefined) first.push(...(await nextPieces(bytes, parser)));
    return { code: parser.code, body: readBody(first, bytes, parser, exchange) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function requestText({ method, path, body, ifMatch, ...request }: HttpRequest): string {
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: solovirt',
    'accept: application/json, text/plain, text/yaml',
    'connection: close',
  ];
  if (body !== undefined)
    head.push(
      `content-type: ${request.contentType ?? 'application/json'}`,
      `content-length: ${Buffer.byteLength(body)}`,
    );
  if (ifMatch !== undefined) head.push(`if-match: ${ifMatch}`);
  return `${head.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** What the next bytes add to the body. */
async function nextPieces(bytes: AsyncIterator<Buffer>, parser: ResponseParser): Promise<Buffer[]> {
  const next = await bytes.next();
  if (next.done !== true) return parser.push(next.value);
  parser.end();
  return [];
}

async function* readBody(
  first: Buffer[],
  bytes: AsyncIterator<Buffer>,
  parser: ResponseParser,
  exchange: Exchange,
): AsyncGenerator<string> {
  const { deadline, request } = exchange;
  const { patience } = request;
  // A character may lie across two pieces.
  const decoder = new StringDecoder('utf8');
  if (patience === 'endless') deadline.stop();
  try {
    for (let pieces = first; ; pieces = await nextPieces(bytes, parser)) {
      const text = pieces.map((piece) => decoder.write(piece)).join('');
      if (text !== '') {
        // A slow reader on our side (a pager) is not the peer's silence.
        if (patience === 'silence') deadline.stop();
        yield text;
      }
      if (parser.complete) break;
      if (patience === 'silence') deadline.start();
    }
    const rest = decoder.end();
    if (rest !== '') yield rest;
  } catch (error) {
    throw explain(error, exchange);
  } finally {
    deadline.stop();
    // Closes the connection.
    await bytes.return?.();
  }
}

function explain(
  error: unknown,
  { settings, socketPath, request, deadline }: Exchange,
): SolovirtError {
  if (error instanceof SolovirtError) return error;
  if (settings.signal.aborted || request.signal?.aborted)
    return new InterruptedError('interrupted', { cause: error });
  if (deadline.signal.aborted) {
    return new NoAnswerError(
      `the daemon did not answer within ${deadline.ms / 1000} s (${socketPath})`,
      {
        hint: `${request.method !== 'GET' ? 'The command may still take effect: see `solovirt list`. ' : ''}Is the daemon stopped or overloaded? See \`systemctl status solovirt\`.`,
        cause: error,
      },
    );
  }
  return explainSocketError(error, socketPath, request);
}

/** What the system's error on the socket means for whoever made the request. */
export function explainSocketError(
  error: unknown,
  socketPath: string,
  request: HttpRequest,
): SolovirtError {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') {
    const found = code === 'ECONNREFUSED' ? 'nobody listens on' : 'there is no';
    return new NoDaemonError(`no solovirt daemon: ${found} socket ${socketPath}`, {
      hint: 'Start it with `systemctl start solovirt`, or `npm start` in a checkout; `--socket PATH` or SOLOVIRT_SOCKET names another socket.',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM')
    return new SocketForbiddenError(`this user may not use the daemon's socket ${socketPath}`, {
      hint: 'Join the group `solovirt` (`sudo usermod -aG solovirt $USER`, then log in again), or use sudo. To look only, the group `solovirt-ro` will do.',
      cause: error,
    });
  if (error instanceof NotHttpError)
    return new UnexpectedAnswerError(
      `what listens on ${socketPath} is not solovirt: it does not speak HTTP`,
      {
        hint: 'Name the right socket with `--socket PATH` or SOLOVIRT_SOCKET.',
        cause: error,
      },
    );
  return new ConnectionLostError(
    `the connection to the daemon broke (${code ?? errorMessage(error)})`,
    {
      hint:
        request.method !== 'GET'
          ? 'Whether the command took effect is not known: see `solovirt list`.'
          : 'Is the daemon being restarted? Try again.',
      cause: error,
    },
  );
}
