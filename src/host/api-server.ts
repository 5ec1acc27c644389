/**
 * Serves HTTP on the API socket: one of our own making, or those that a service manager handed over (socket
 * activation), which are neither changed nor removed.
 *
 * - Connections are taken from the start; requests wait until `open`, so that no answer is given too early.
 * - Closing ends in bounded time: no new connections, streams are told, answers under way may finish.
 */
import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
  ServerResponse,
} from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { refuseUnparsed } from './refuse-unparsed.ts';

/** A socket that was handed over cannot serve the API. */
export class ListenFdError extends Error {
  override readonly name = 'ListenFdError';
}

/** Takes over a connection whose client wants to speak WebSocket on it. `head`: what it has sent already. */
export type UpgradeListener = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The path of a socket to make, or the descriptors of listening sockets. */
export type Endpoint =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'inherited'; readonly fds: readonly number[] };

type Place = { readonly path: string } | { readonly fd: number };

/** For answers under way when the daemon ends. */
const CLOSE_MS = 2000;
/** For requests on their way then: whoever has been connected is not to be hung up on. */
const FIRST_REQUEST_MS = 500;
const REACH_MS = 2000;
/** No limit: a disk may be on its way for hours. A head still has Node's minute. */
const REQUEST_MS = 0;

export class ApiServer implements AsyncDisposable {
  readonly #servers: Server[] = [];
  readonly #opened = Promise.withResolvers<void>();
  readonly #ending = new AbortController();
  /** Path of a request that only this process knows. */
  readonly #secret = `/${randomUUID()}`;
  /** Connections that have not asked for anything yet. */
  readonly #fresh = new Set<Socket>();
  readonly #answering = new WeakMap<Duplex, ServerResponse>();
  /** Connections that speak HTTP no more. */
  readonly #upgraded = new Set<Duplex>();
  #listener: RequestListener | undefined;
  #upgrade: UpgradeListener | undefined;

  /**
   * Begins to listen.
   * @throws ListenFdError, or what listening at the path throws
   */
  static async listen(endpoint: Endpoint): Promise<ApiServer> {
    const places: readonly Place[] =
      endpoint.kind === 'path' ? [{ path: endpoint.path }] : endpoint.fds.map((fd) => ({ fd }));
    const api = new ApiServer();
    try {
      for (const place of places) {
        const server = createServer(
          { shouldUpgradeCallback: wantsWebSocket, requestTimeout: REQUEST_MS },
          api.#take,
        );
        server.on('upgrade', api.#takeUpgrade);
        server.on('clientError', (error, socket) =>
          refuseUnparsed(error, socket, api.#answering.get(socket)),
        );
        api.#servers.push(server);
        server.on('connection', (socket) => api.#greet(socket));
        await listen(server, place);
      }
      return api;
    } catch (error) {
      await api[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Aborted when the daemon ends: streams that never end by themselves must. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * Answers requests from now on, those that wait first.
   * @param upgrade without it, requests for a WebSocket are answered like any
   */
  open(listener: RequestListener, upgrade?: UpgradeListener): void {
    this.#listener = listener;
    this.#upgrade = upgrade;
    this.#opened.resolve();
  }

  /** Whether whoever connects to `path` reaches this very process; true as well when that cannot be found out. */
  isReachedAt(path: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const probe = request({
      socketPath: path,
      path: this.#secret,
      agent: false,
      timeout: REACH_MS,
    });
    probe.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 204);
    });
    probe.on('timeout', () => {
      resolve(false);
      probe.destroy();
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'));
    probe.end();
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#servers.map(close);
    this.#ending.abort();
    this.#closeIdle();
    const patience = setTimeout(() => {
      this.#fresh.clear();
      this.#closeIdle();
    }, FIRST_REQUEST_MS);
    const alarm = setTimeout(() => {
      for (const server of this.#servers) server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    }, CLOSE_MS);
    await Promise.all(closed);
    clearTimeout(patience);
    clearTimeout(alarm);
  }

  #greet(socket: Socket): void {
    this.#fresh.add(socket);
    socket.once('close', () => this.#fresh.delete(socket));
  }

  readonly #take: RequestListener = (incoming, response) => {
    this.#fresh.delete(incoming.socket);
    this.#answering.set(incoming.socket, response);
    // Whoever hangs up must not bring the daemon down.
    incoming.on('error', () => {});
    response.on('error', () => {});
    if (incoming.url === this.#secret) {
      response.writeHead(204).end();
      return;
    }
    // A connection that has had its last answer would be kept alive.
    response.on('close', () => setImmediate(() => this.#closeIdle()));
    if (this.#ending.signal.aborted) response.setHeader('connection', 'close');
    void this.#opened.promise.then(() => {
      if (!response.destroyed) this.#listener?.(incoming, response);
    });
  };

  readonly #takeUpgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#fresh.delete(incoming.socket);
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
    socket.on('error', () => {});
    void this.#opened.promise.then(() => {
      if (socket.destroyed) return;
      if (this.#upgrade !== undefined) this.#upgrade(incoming, socket, head);
      else this.#answerPlainly(incoming);
    });
  };

  /** RFC 9110, 7.8: a server may ignore what a client would rather speak. */
  #answerPlainly(incoming: IncomingMessage): void {
    const { socket } = incoming;
    const response = new ServerResponse(incoming);
    response.on('error', () => {});
    response.shouldKeepAlive = false;
    response.on('finish', () => socket.end());
    response.assignSocket(socket);
    this.#listener?.(incoming, response);
  }

  /** To Node a fresh connection is an idle one. */
  #closeIdle(): void {
    if (!this.#ending.signal.aborted || this.#fresh.size > 0) return;
    for (const server of this.#servers) server.closeIdleConnections();
  }
}

/** Whoever offers another protocol (curl: HTTP/2) is answered in HTTP/1.1. */
function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

async function listen(server: Server, place: Place): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(place, resolve);
  try {
    await promise;
  } catch (error) {
    throw 'path' in place ? error : unfit(place.fd, 'no Unix stream socket', error);
  }
  server.off('error', reject);
  // Only sockets of the network have an address of this form; whoever reaches one could command the daemon.
  if ('fd' in place && server.address() instanceof Object)
    throw unfit(place.fd, 'a network socket');
}

function unfit(fd: number, what: string, cause?: unknown): ListenFdError {
  return new ListenFdError(
    `the service manager handed over descriptor ${fd}, which is ${what}; the API is served on Unix stream sockets only (ListenStream=/PATH in the socket unit)`,
    { cause },
  );
}

/**
 * Takes no more connections, and resolves when the last one is closed; at once when it never listened. Not the `close`
 * of HTTP: that one hangs up on connections whose first request is on its way.
 */
function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  NetServer.prototype.close.call(server, () => resolve());
  return promise;
}
