/**
 * Passes requests, streams and WebSockets on to the daemon's socket. Each one is judged by itself: a connection carries
 * nothing to the daemon but requests that were let through, and after an upgrade only what both sides agreed upon.
 */
import {
  createServer as createPlain,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { StatusObject } from '../api/contract-meta.ts';
import type { Certificate } from './certificate.ts';
import { forwarded, type Rules, rejection } from './guard.ts';

export interface ProxyOptions {
  readonly socketPath: string;
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly tls: Certificate | undefined;
  readonly rules: Rules;
}

export class ProxyServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ProxyOptions;
  /** Upgraded connections are the server's no more. */
  readonly #upgraded = new Set<Socket>();

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = options.tls === undefined ? createPlain() : createSecure({ ...options.tls });
    this.#server.on('request', (incoming, response) => this.#answer(incoming, response));
    this.#server.on('upgrade', (incoming, socket: Socket, head: Buffer) =>
      this.#upgrade(incoming, socket, head),
    );
  }

  /** @throws what listening there throws */
  static async listen(options: ProxyOptions): Promise<ProxyServer> {
    const proxy = new ProxyServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    proxy.#server.once('error', reject);
    proxy.#server.listen(options.port, options.address, resolve);
    await promise;
    proxy.#server.off('error', reject);
    return proxy;
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address}]` : address;
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await promise;
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    const { url = '', headers } = incoming;
    incoming.on('error', () => {});
    response.on('error', () => {});
    const rejected = rejection({ url, headers }, this.#options.rules);
    if (rejected !== undefined) {
      // What is left of its body is not read.
      response.setHeader('connection', 'close');
      sendStatus(response, rejected.code, rejected.reason, rejected.message);
      return;
    }
    // Kept open by the daemon until we have read its answer: one that comes before we are done with sending, on a connection
    // that is closed then, would be lost to the failure of a last write.
    const outgoing = this.#ask(incoming, { ...forwarded(headers), connection: 'keep-alive' });
    outgoing.on('response', (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.statusMessage, withoutHops(reply.headers));
      // A client that watches something quiet must see that its watch began.
      response.flushHeaders();
      reply.pipe(response);
      reply.on('error', () => response.destroy());
    });
    outgoing.on('error', () => this.#unreachable(response));
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  #upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    const { url = '', headers } = incoming;
    this.#upgraded.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#upgraded.delete(socket));
    const rejected = rejection({ url, headers }, this.#options.rules);
    if (rejected !== undefined) {
      endWithStatus(socket, rejected.code, rejected.reason, rejected.message);
      return;
    }
    const outgoing = this.#ask(incoming, {
      ...forwarded(headers),
      connection: 'Upgrade',
      upgrade: headers.upgrade ?? '',
    });
    outgoing.on('upgrade', (reply, daemon, first: Buffer) => {
      socket.write(headOf(reply));
      socket.write(first);
      daemon.write(head);
      daemon.on('error', () => socket.destroy());
      daemon.on('close', () => socket.destroy());
      socket.on('close', () => daemon.destroy());
      daemon.pipe(socket);
      socket.pipe(daemon);
    });
    // Not upgraded: this answer is the last on this connection.
    outgoing.on('response', (reply) => {
      socket.write(headOf(reply, { connection: 'close' }));
      reply.pipe(socket);
    });
    outgoing.on('error', () => endWithStatus(socket, 503, 'ServiceUnavailable', this.#noDaemon()));
    socket.on('close', () => outgoing.destroy());
    outgoing.end();
  }

  #ask({ method = 'GET', url = '/' }: IncomingMessage, headers: OutgoingHttpHeaders) {
    const { socketPath } = this.#options;
    return request({ socketPath, method, path: url, headers, agent: false });
  }

  #unreachable(response: ServerResponse): void {
    if (response.headersSent) response.destroy();
    else sendStatus(response, 503, 'ServiceUnavailable', this.#noDaemon());
  }

  #noDaemon(): string {
    return `the daemon does not answer on ${this.#options.socketPath}`;
  }
}

function statusText(code: number, reason: string, message: string): string {
  const status: StatusObject = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  };
  return `${JSON.stringify(status)}\n`;
}

function sendStatus(response: ServerResponse, code: number, reason: string, message: string): void {
  const body = statusText(code, reason, message);
  response
    .writeHead(code, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(code === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    })
    .end(body);
}

function endWithStatus(socket: Socket, code: number, reason: string, message: string): void {
  const body = statusText(code, reason, message);
  socket.end(
    `HTTP/1.1 ${code} ${reason}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function withoutHops(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...rest } = headers;
  return rest;
}

/** The head of an answer as it came, but for headers that say otherwise. */
function headOf(reply: IncomingMessage, changed: Readonly<Record<string, string>> = {}): string {
  const lines = [`HTTP/1.1 ${reply.statusCode} ${reply.statusMessage}`];
  for (let index = 0; index + 1 < reply.rawHeaders.length; index += 2) {
    const name = reply.rawHeaders[index] ?? '';
    // The body is passed on decoded, to the end of the connection.
    const isDropped =
      name.toLowerCase() === 'transfer-encoding' && Object.hasOwn(changed, 'connection');
    if (!isDropped && !Object.hasOwn(changed, name.toLowerCase()))
      lines.push(`${name}: ${reply.rawHeaders[index + 1]}`);
  }
  for (const [name, value] of Object.entries(changed)) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
