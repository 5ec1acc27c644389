/** Stands before a registry: tells what it is asked, holds layers back, and can be away. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from './registry.ts';

export class RegistryGate implements AsyncDisposable {
  /** Paths of blobs that were asked for so far, and of manifests. */
  readonly blobs: string[] = [];
  readonly manifests: string[] = [];
  /** Resolves when the second half of a blob may be sent. */
  gate: Promise<unknown> = Promise.resolve();
  /** It accepts connections and closes them at once. */
  isAway = false;
  /** Blobs whose receiver went before all was sent. */
  aborted = 0;
  readonly #server = createServer((asked, answer) => void this.#pass(asked, answer));
  readonly #behind: string;

  private constructor({ host }: Registry) {
    this.#behind = host;
  }

  static async before(registry: Registry): Promise<RegistryGate> {
    const gate = new RegistryGate(registry);
    await new Promise<void>((done) => gate.#server.listen(0, '127.0.0.1', done));
    return gate;
  }

  /** As image references begin. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #pass({ url = '/', method, headers }: IncomingMessage, answer: ServerResponse) {
    if (this.isAway) return void answer.writeHead(503).end();
    answer.on('close', () => {
      if (!answer.writableFinished) this.aborted += 1;
    });
    const isBlob = url.includes('/blobs/');
    if (isBlob) this.blobs.push(url);
    else if (url.includes('/manifests/')) this.manifests.push(url);
    const passed = request(`http://${this.#behind}${url}`, { method, headers });
    passed.end();
    const found = await new Promise<IncomingMessage>((done) => passed.once('response', done));
    const chunks: Buffer[] = [];
    for await (const chunk of found) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    answer.writeHead(found.statusCode ?? 500, found.headers);
    const half = Math.floor(body.length / 2);
    answer.write(body.subarray(0, half));
    if (isBlob) await this.gate;
    answer.end(body.subarray(half));
  }
}
