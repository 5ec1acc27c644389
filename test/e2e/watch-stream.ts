/** A client of the socket that a test steers by hand: a watch that is read event by event, and raw bytes. */
import { type ClientRequest, request } from 'node:http';
import { connect } from 'node:net';
import type { VmObject } from '../../src/api/contract.ts';

const DEADLINE_MS = 30_000;

export interface Seen {
  readonly type: string;
  /** A VM, an instance, an event or, in an ERROR, a Status: whatever was asked for. */
  readonly object: Pick<VmObject, 'metadata' | 'status'>;
}

/** Every event of one watch, in order. */
export class WatchStream implements Disposable {
  readonly seen: Seen[] = [];
  /** Settles when the server has ended the stream. */
  readonly ended: Promise<void>;
  readonly #request: ClientRequest;
  #wake: () => void = () => {};

  constructor(socketPath: string, path: string) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    promise.catch(() => {});
    this.#request = request({ socketPath, path }, (response) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.seen.push(JSON.parse(line) as Seen);
        this.#wake();
      });
      response.on('end', resolve);
      response.on('error', reject);
    });
    this.#request.on('error', reject);
    this.#request.end();
  }

  /** The first event that is as wanted, seen already or still to come. */
  async until(what: string, wanted: (event: Seen) => boolean): Promise<Seen> {
    for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; ) {
      const found = this.seen.find(wanted);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, deadline - Date.now());
      await promise;
      clearTimeout(timer);
    }
    throw new Error(`not in time: ${what}; seen: ${JSON.stringify(this.seen.map((e) => e.type))}`);
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }
}

/** Sends bytes as they are; resolves with all that came back once the server has closed the connection. */
export function sendRaw(socketPath: string, bytes: string | Uint8Array): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(socketPath);
  let text = '';
  socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error(`no end of the answer: ${text}`)));
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  // A server that is done with us may close before it has read everything: what it said still counts.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
  });
  socket.on('close', () => resolve(text));
  socket.write(bytes);
  return promise;
}
