/**
 * From a request for a WebSocket to a line into a guest. What is refused is refused before the upgrade, as a `Status` like
 * any other; afterwards every end has a close code and a reason.
 *
 * No pings are sent: the other end of a Unix socket is a process of this host, and the kernel tells when it is gone.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import type { Logger } from '../ports.ts';
import type { Line } from '../supervisor/guest-lines.ts';
import { bridge } from './bridge.ts';
import { MAX_MESSAGE_BYTES, PLAIN_PROTOCOL } from './contract-lines.ts';
import { sendError, urlOf } from './handler.ts';
import type { LineRoute } from './line-routes.ts';
import { ApiError } from './reply.ts';
import type { Route } from './route.ts';
import { match } from './router.ts';

/** For the other side to answer a close; the daemon does not wait longer for anybody. */
const CLOSE_MS = 1000;

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * @param rows what can be had by WebSocket
 * @param plain everything else that is answered, to tell a wrong path from one that takes no WebSocket
 * @param ending ends all sessions
 */
export function upgradeListener(
  rows: readonly LineRoute[],
  plain: readonly Route[],
  log: Logger,
  ending: AbortSignal,
): Upgrade {
  let server: Promise<WebSocketServer> | undefined;
  const take = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    let line: Line;
    let protocol: WebSocketServer;
    try {
      checkHandshake(request);
      server ??= createServer();
      protocol = await server;
      line = await open(rows, plain, request, ending);
    } catch (error) {
      refuse(request, socket, error);
      return;
    }
    let upgraded = false;
    if (!socket.destroyed)
      protocol.handleUpgrade(request, socket, head, (webSocket) => {
        upgraded = true;
        bridge(webSocket, line, ending);
      });
    if (!upgraded) line.stream.destroy();
  };
  return (request, socket, head) => {
    take(request, socket, head).catch((error: unknown) => {
      log.debug({ error, url: request.url }, 'a WebSocket could not be opened');
      socket.destroy();
    });
  };
}

/** The library is loaded by the first who asks, for with it come TLS and zlib, 3 MiB that most daemons never need. */
async function createServer(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  const options = {
    noServer: true,
    // Sessions belong to whoever opened them.
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    // It would cost memory for each session, and the other end is on this host.
    perMessageDeflate: false,
    closeTimeout: CLOSE_MS,
    handleProtocols: (offered: ReadonlySet<string>) =>
      offered.has(PLAIN_PROTOCOL) ? PLAIN_PROTOCOL : (false as const),
  };
  return new WebSocketServer(options);
}

function open(
  rows: readonly LineRoute[],
  plain: readonly Route[],
  request: IncomingMessage,
  ending: AbortSignal,
): Promise<Line> {
  const { pathname, searchParams: query } = urlOf(request);
  const found = match(rows, 'GET', pathname);
  if (found.kind !== 'route') {
    if (match(plain, 'GET', pathname).kind === 'unknown-path')
      throw new ApiError(`the server could not find the requested resource: ${pathname}`, {
        code: 404,
      });
    throw new ApiError(`${pathname} takes no WebSocket`, { code: 400 });
  }
  if (ending.aborted) throw new ApiError('the daemon is about to end; try again', { code: 503 });
  return found.route.open({ params: found.params, query });
}

/** RFC 6455, 4.2.1. Looked at first, so that nothing is opened for a request that cannot be upgraded. */
function checkHandshake({ method, headers }: IncomingMessage): void {
  if (method !== 'GET')
    throw new ApiError(`a WebSocket is asked for with GET, not ${method}`, { code: 405 });
  const key = headers['sec-websocket-key'] ?? '';
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key))
    throw new ApiError('the header Sec-WebSocket-Key is missing or no key', { code: 400 });
  if (headers['sec-websocket-version'] !== '13')
    throw new ApiError('the header Sec-WebSocket-Version must be 13', { code: 400 });
  checkOrigin(headers.origin);
}

const OWN_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** A page of the web must not get into guests by way of a proxy on this host: browsers send its origin (RFC 6455, 10.2). */
function checkOrigin(origin: string | undefined): void {
  if (origin === undefined) return;
  if (OWN_HOSTS.includes(URL.parse(origin)?.hostname ?? '')) return;
  throw new ApiError(`pages of ${origin} may not open WebSockets here`, { code: 403 });
}

/** The connection cannot be used for anything else afterwards: its client may have said more already. */
function refuse(request: IncomingMessage, socket: Duplex, error: unknown): void {
  if (socket.destroyed) return;
  const response = new ServerResponse(request);
  response.on('error', () => {});
  response.shouldKeepAlive = false;
  response.on('finish', () => socket.end());
  // Connections of this server are sockets of `net`.
  response.assignSocket(socket as Socket);
  sendError(response, error);
}
