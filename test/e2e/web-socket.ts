/** A client of WebSockets on a daemon's socket, with the library that a user would take. */
import { WebSocket } from 'ws';
import { type World, within } from './daemon-harness.ts';

export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** Answered with something else than an upgrade. */
export interface Refused {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the API answers
  readonly body: any;
}

export class Session implements Disposable {
  readonly socket: WebSocket;
  readonly ended: Promise<Ended>;
  #chunks: Buffer[] = [];
  #wake: () => void = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.ended = promise;
    socket.on('message', (data: Buffer) => {
      this.#chunks.push(data);
      this.#wake();
    });
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    socket.on('error', () => {});
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  get bytes(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  send(data: string | Buffer): void {
    this.socket.send(Buffer.from(data), { binary: true });
  }

  /** Resolves once `wanted` holds of all that was received. */
  async until(what: string, wanted: (text: string) => boolean): Promise<void> {
    const seen = async (): Promise<void> => {
      while (!wanted(this.text)) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    };
    await within(seen(), what, () => `received: ${JSON.stringify(this.text.slice(-2000))}`);
  }

  async said(text: string): Promise<void> {
    await this.until(`the guest says ${JSON.stringify(text)}`, (all) => all.includes(text));
  }

  end(): Promise<Ended> {
    return within(this.ended, 'the session has ended');
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default';

export function instancePath(name: string, verb: string): string {
  return `${SUB}/virtualmachineinstances/${name}/${verb}`;
}

export interface DialOptions {
  readonly protocols?: readonly string[];
  readonly origin?: string;
}

/** A daemon that can be reached, and what it has said so far. */
type Reached = Pick<World, 'socket' | 'log'>;

/** @returns the session, or what was answered instead */
export function tryDial(
  world: Reached,
  path: string,
  { protocols = ['plain.kubevirt.io'], origin }: DialOptions = {},
): Promise<Session | Refused> {
  const { promise, resolve, reject } = Promise.withResolvers<Session | Refused>();
  const socket = new WebSocket(`ws+unix:${world.socket}:${path}`, [...protocols], {
    ...(origin === undefined ? {} : { origin }),
  });
  const session = new Session(socket);
  socket.once('open', () => resolve(session));
  socket.once('error', reject);
  socket.once('unexpected-response', (_request, response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text) }));
  });
  return within(promise, `a WebSocket at ${path}`, () => world.log);
}

export async function dial(world: Reached, path: string, options?: DialOptions): Promise<Session> {
  const dialled = await tryDial(world, path, options);
  if (dialled instanceof Session) return dialled;
  throw new Error(`refused: ${JSON.stringify(dialled)}`);
}

export async function refusal(
  world: Reached,
  path: string,
  options?: DialOptions,
): Promise<Refused> {
  const dialled = await tryDial(world, path, options);
  if (!(dialled instanceof Session)) return dialled;
  dialled.socket.terminate();
  throw new Error(`${path} was not refused`);
}
