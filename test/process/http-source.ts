/** A web server with one file, which can be told to misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** `Range` headers of the requests so far, or undefined each. */
  readonly ranges: (string | undefined)[];
  contents: Buffer;
  etag: string;
  /** After so many bytes the connection breaks off; undefined: it does not. */
  breakAfter: number | undefined;
  /** An answer without the file. */
  status: number | undefined;
  /** Resolves when the file may be sent past its first half. */
  gate: Promise<unknown>;
  /** Connections that ended before all was sent. */
  aborted: number;
}

export async function serveFile(contents: Buffer): Promise<FileServer> {
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { range, 'if-range': same } = request.headers;
    served.ranges.push(range);
    if (served.status !== undefined) {
      response.writeHead(served.status).end('no');
      return;
    }
    const start = same === served.etag ? Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0) : 0;
    const part = served.contents.subarray(start);
    if (start > 0 && part.length === 0) {
      response.writeHead(416, { 'content-range': `bytes */${start}` }).end();
      return;
    }
    response.writeHead(start > 0 ? 206 : 200, { etag: served.etag, 'content-length': part.length });
    response.on('close', () => {
      if (!response.writableFinished) served.aborted += 1;
    });
    const half = served.breakAfter ?? Math.floor(part.length / 2);
    response.write(part.subarray(0, half));
    if (served.breakAfter !== undefined) {
      // What was written is to arrive first.
      setImmediate(() => response.socket?.end());
      return;
    }
    await served.gate;
    response.end(part.subarray(half));
  }

  const served: FileServer = {
    url: `http://127.0.0.1:${address.port}/disk.img`,
    ranges: [],
    contents,
    etag: '"1"',
    breakAfter: undefined,
    status: undefined,
    gate: Promise.resolve(),
    aborted: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return served;
}
