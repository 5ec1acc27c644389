/**
 * One HTTP exchange over the Unix socket. Owns the connection, the deadline and the translation of
 * socket errors into what the user can do. `node:http` is loaded at the first request only.
 */
import type { IncomingMessage } from 'node:http';
import type { CliContext } from '../context.ts';
import { DEFAULT_LIMITS } from '../context.ts';
import { CliError, ConnectionLostError, InterruptedError, NoDaemonError } from '../errors.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly body?: string;
  /** Ends the exchange from outside, beside Ctrl-C. */
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
  readonly context: CliContext;
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
 * @throws NoDaemonError, ConnectionLostError, InterruptedError, CliError (no answer in time)
 */
export async function sendRequest(
  context: CliContext,
  socketPath: string,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const deadline = createDeadline(context.limits?.requestMs ?? DEFAULT_LIMITS.requestMs);
  const exchange: Exchange = { context, socketPath, request, deadline };
  deadline.start();
  try {
    const message = await awaitHead(exchange);
    message.setEncoding('utf8');
    return { code: message.statusCode ?? 0, body: readBody(message, exchange) };
  } catch (error) {
    deadline.stop();
    throw explain(error, exchange);
  }
}

async function awaitHead(exchange: Exchange): Promise<IncomingMessage> {
  const { context, socketPath, request, deadline } = exchange;
  const { request: open } = await import('node:http');
  const signals = [context.signal, deadline.signal, request.signal];
  return new Promise((resolve, reject) => {
    const outgoing = open({
      socketPath,
      path: request.path,
      method: request.method,
      agent: false,
      signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
      headers: {
        host: 'solovirt',
        accept: 'application/json, text/plain',
        connection: 'close',
        ...(request.body === undefined
          ? {}
          : {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(request.body),
            }),
      },
    });
    outgoing.once('response', resolve);
    // Kept for the whole exchange: an error after the head must not go unhandled.
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}

async function* readBody(message: IncomingMessage, exchange: Exchange): AsyncGenerator<string> {
  const { deadline, request } = exchange;
  const { patience } = request;
  if (patience === 'endless') deadline.stop();
  try {
    for await (const chunk of message) {
      // A slow reader on our side (a pager) is not the peer's silence.
      if (patience === 'silence') deadline.stop();
      yield String(chunk);
      if (patience === 'silence') deadline.start();
    }
  } catch (error) {
    throw explain(error, exchange);
  } finally {
    deadline.stop();
    message.destroy();
  }
}

function explain(error: unknown, { context, socketPath, request, deadline }: Exchange): CliError {
  if (error instanceof CliError) return error;
  if (context.signal.aborted || request.signal?.aborted)
    return new InterruptedError('interrupted', { cause: error });
  if (deadline.signal.aborted) {
    return new CliError(
      `the daemon did not answer within ${deadline.ms / 1000} s (${socketPath})`,
      {
        hint: `${request.method === 'PUT' ? 'The command may still take effect: see `solovirt list`. ' : ''}Is the daemon stopped or overloaded? See \`systemctl status solovirt\`.`,
        cause: error,
      },
    );
  }
  return explainSocketError(error, socketPath, request);
}

function explainSocketError(error: unknown, socketPath: string, request: HttpRequest): CliError {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') {
    const found = code === 'ECONNREFUSED' ? 'nobody listens on' : 'there is no';
    return new NoDaemonError(`no solovirt daemon: ${found} socket ${socketPath}`, {
      hint: 'Start it with `systemctl start solovirt`, or `npm start` in a checkout; `--socket PATH` or SOLOVIRT_SOCKET names another socket.',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM')
    return new NoDaemonError(`this user may not use the daemon's socket ${socketPath}`, {
      hint: 'Join the group `solovirt` (`sudo usermod -aG solovirt $USER`, then log in again), or use sudo.',
      cause: error,
    });
  if (code.startsWith('HPE_'))
    return new CliError(`what listens on ${socketPath} is not solovirt: it does not speak HTTP`, {
      hint: 'Name the right socket with `--socket PATH` or SOLOVIRT_SOCKET.',
      cause: error,
    });
  return new ConnectionLostError(`the connection to the daemon broke (${code || String(error)})`, {
    hint:
      request.method === 'PUT'
        ? 'Whether the command took effect is not known: see `solovirt list`.'
        : 'Is the daemon being restarted? Try again.',
    cause: error,
  });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
