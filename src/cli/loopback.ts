/** A TCP port of this host whose connections are led somewhere. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CliError } from './errors.ts';

export interface Listening extends AsyncDisposable {
  /** `127.0.0.1:8080` */
  readonly at: string;
  readonly port: number;
}

/**
 * @param port 0: any free one
 * @throws CliError when nothing can listen there
 */
export async function listenTcp(
  address: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Listening> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // Whoever hangs up is no fault of ours.
    socket.on('error', () => {});
    onConnection(socket);
  });
  await listen(server, address, port);
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    at: `${address.includes(':') ? `[${address}]` : address}:${actual}`,
    port: actual,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      await promise;
    },
  };
}

async function listen(server: Server, address: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: address, port }, resolve);
  try {
    await promise;
  } catch (error) {
    throw new CliError(`cannot listen on ${address}, port ${port}: ${reason(error)}`, {
      hint: 'Choose another one: LOCAL:REMOTE, or 0:REMOTE for any that is free.',
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'it is in use';
  if (code === 'EACCES') return 'only root may take it';
  return message;
}

/**
 * Bytes both ways until the guest's side ends. A WebSocket cannot tell the guest that our side has only finished sending, so
 * the guest's answer is waited for, until it has said nothing for `patienceMs`.
 */
export function join(ours: Duplex, guests: Duplex, patienceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let silence: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => guests.end(), patienceMs);
  };
  ours.on('end', () => {
    wait();
    guests.on('data', wait);
  });
  ours.on('close', () => guests.end());
  guests.on('close', () => {
    clearTimeout(silence);
    ours.end();
    resolve();
  });
  ours.pipe(guests, { end: false });
  guests.pipe(ours);
  return promise;
}

/** How long a guest may think about an answer after all has been asked. */
export const ANSWER_MS = 30_000;
