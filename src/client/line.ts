/**
 * A line into a guest, by WebSocket over the daemon's Unix socket: a stream of raw bytes both ways. Loaded only by what
 * needs it, for the library and HTTP take longer to load than a short command to run.
 */
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { CLOSE, MAX_MESSAGE_BYTES, PLAIN_PROTOCOL } from '../api/contract-lines.ts';
import { refusal } from './client.ts';
import { ConnectionLostError, InterruptedError, NoAnswerError, SolovirtError } from './errors.ts';
import { explainSocketError } from './http.ts';
import { type ClientSettings, DEFAULT_LIMITS } from './settings.ts';

export interface ClientLine {
  /** Ending it closes the line; what was written before still goes out. */
  readonly stream: Duplex;
  /** Resolves when the line has ended, whoever ended it. */
  readonly ended: Promise<LineEnd>;
}

export interface LineEnd {
  /** RFC 6455, 7.4. */
  readonly code: number;
  /** In words; empty when none were given. */
  readonly reason: string;
}

/** How much of an error's body is read. */
const MAX_ERROR_BYTES = 64 * 1024;

/** @throws ApiError when refused; NoDaemonError and the like */
export function openLine(
  settings: ClientSettings,
  socketPath: string,
  path: string,
): Promise<ClientLine> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientLine>();
  const timeoutMs = settings.limits?.requestMs ?? DEFAULT_LIMITS.requestMs;
  const webSocket = new WebSocket(`ws+unix:${socketPath}:${path}`, [PLAIN_PROTOCOL], {
    handshakeTimeout: timeoutMs,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const giveUp = (): void => {
    reject(new InterruptedError('interrupted'));
    webSocket.terminate();
  };
  settings.signal.addEventListener('abort', giveUp, { once: true });
  const settle = (): void => settings.signal.removeEventListener('abort', giveUp);
  const ended = Promise.withResolvers<LineEnd>();
  webSocket.on('close', (code, reason) => {
    settle();
    ended.resolve({ code, reason: reason.toString() });
  });
  webSocket.on('unexpected-response', (_request, response) => {
    settle();
    readError(response).then(reject, reject);
  });
  webSocket.on('error', (error) => {
    settle();
    reject(explain(error, socketPath, path));
  });
  // At once, so that no message comes before somebody listens.
  const stream = createWebSocketStream(webSocket);
  stream.on('error', () => {});
  webSocket.on('open', () => {
    settle();
    resolve({ stream, ended: ended.promise });
  });
  if (settings.signal.aborted) giveUp();
  return promise;
}

/** Undefined when the guest's side has ended, as is normal. */
export function lineFailure({ code, reason }: LineEnd): SolovirtError | undefined {
  switch (code) {
    case CLOSE.done:
      return undefined;
    case CLOSE.restart:
      return new ConnectionLostError('the daemon has ended, and the session with it', {
        hint: 'The VM runs on. Try again when the daemon is back: see `systemctl status solovirt`.',
      });
    case CLOSE.cut:
    case CLOSE.failed:
      return new SolovirtError(reason === '' ? 'the daemon ended the session' : reason);
    default:
      return new ConnectionLostError('the connection to the daemon broke', {
        hint: 'Is the daemon being restarted? The VM is not concerned by that. Try again.',
      });
  }
}

/** GET of a body of any kind. @throws ApiError when refused */
export function download(
  settings: ClientSettings,
  socketPath: string,
  path: string,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const outgoing = request({
    socketPath,
    path,
    agent: false,
    signal: settings.signal,
    timeout: 2 * (settings.limits?.requestMs ?? DEFAULT_LIMITS.requestMs),
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
  outgoing.on('error', (error) => {
    if (settings.signal.aborted) reject(new InterruptedError('interrupted', { cause: error }));
    else reject(explain(error, socketPath, path));
  });
  outgoing.on('response', (response) => {
    if (response.statusCode !== 200) {
      readError(response).then(reject, reject);
      return;
    }
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', (error) => reject(explain(error, socketPath, path)));
    response.on('end', () => resolve(Buffer.concat(chunks)));
  });
  outgoing.end();
  return promise;
}

/** The refusal that an answer tells. */
export async function readError(response: IncomingMessage): Promise<SolovirtError> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_ERROR_BYTES) break;
  }
  return refusal(response.statusCode ?? 0, text);
}

/** What an error of a connection means for whoever made the request. */
export function explain(error: Error, socketPath: string, path: string): SolovirtError {
  if (error instanceof SolovirtError) return error;
  if (/handshake has timed out|^timeout$/.test(error.message))
    return new NoAnswerError(`the daemon did not answer in time (${socketPath})`, {
      hint: 'Is it stopped or overloaded? See `systemctl status solovirt`.',
      cause: error,
    });
  return explainSocketError(error, socketPath, { method: 'GET', path, patience: 'whole' });
}
