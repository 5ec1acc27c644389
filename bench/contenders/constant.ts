/**
 * The floor of every read: a Node that answers with what it was given at its start, whatever it is asked for. It has a
 * session of its own and goes before the guests, as the daemon does. What a read takes beyond it is solovirt's; what takes
 * as long here is the client, the kernel and the host.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KeptConnection } from '../kept-connection.ts';
import type { Program } from '../program.ts';

const SERVER = `
try {
  require('fs').writeFileSync('/proc/self/autogroup', '-10');
} catch {}
const answers = JSON.parse(require('fs').readFileSync(process.argv[1])).map(Buffer.from);
require('http').createServer((request, response) => {
  const answer = answers[Number(request.url.slice(1))];
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
  response.end(answer);
}).listen(process.argv[2], () => console.log('ready'));
`;

export class Constant implements Disposable {
  readonly #process: ChildProcess;
  readonly #connection: KeptConnection;

  private constructor(process: ChildProcess, connection: KeptConnection) {
    this.#process = process;
    this.#connection = connection;
  }

  /** @param dir where its socket is made */
  static async start(
    { node, flags }: Program,
    dir: string,
    answers: readonly string[],
  ): Promise<Constant> {
    const [file, socket] = [join(dir, 'constant.json'), join(dir, 'constant')];
    writeFileSync(file, JSON.stringify(answers));
    const server = spawn('setsid', [node, ...flags, '-e', SERVER, file, socket], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    createInterface({ input: server.stdout }).once('line', () => resolve());
    server.once('exit', () => reject(new Error('the constant server has ended')));
    await promise;
    return new Constant(server, new KeptConnection(socket));
  }

  /** @param index of the answers */
  read(index: number): Promise<string> {
    return this.#connection.call('GET', `/${index}`);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
    this.#process.removeAllListeners('exit').kill();
  }
}
