/** The real `kubectl` on a daemon of a test: over a bridge from a loopback port, with nothing of the user's own. */
import { mkdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import type { World } from './daemon-harness.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEADLINE_MS = 60_000;

export class Kubectl implements AsyncDisposable {
  readonly #server: Server;
  readonly #home: string;
  readonly url: string;

  private constructor(server: Server, home: string) {
    this.#server = server;
    this.#home = home;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async on(world: Pick<World, 'socket' | 'dir'>): Promise<Kubectl> {
    const server = createServer((client) => {
      const daemon = connect(world.socket);
      client.pipe(daemon).pipe(client);
      client.on('error', () => daemon.destroy());
      daemon.on('error', () => client.destroy());
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const home = join(world.dir, 'kubectl');
    mkdirSync(home, { recursive: true });
    return new Kubectl(server, home);
  }

  /** Runs to the end, whatever the exit code. */
  async run(args: readonly string[], input?: string): Promise<Said> {
    const { exitCode, stdout, stderr } = await execa('kubectl', this.args(args), {
      env: this.env(),
      reject: false,
      timeout: DEADLINE_MS,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    });
    return { code: exitCode ?? -1, stdout, stderr };
  }

  /** @returns what it wrote to stdout @throws when it fails */
  async ok(args: readonly string[], input?: string): Promise<string> {
    const said = await this.run(args, input);
    if (said.code !== 0)
      throw new Error(
        `kubectl ${args.join(' ')}: exit ${said.code}\n${said.stdout}\n${said.stderr}`,
      );
    return said.stdout;
  }

  /** For a kubectl that a test starts itself, such as a watch. */
  args(args: readonly string[]): readonly string[] {
    return ['--server', this.url, '--cache-dir', join(this.#home, 'cache'), ...args];
  }

  env(): Readonly<Record<string, string>> {
    return { HOME: this.#home, KUBECONFIG: join(this.#home, 'none') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
  }
}
