/** A real registry (Debian's docker-registry) on a port of the loopback, with its blobs in a directory of the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';

/** The only user of a registry that wants a login. */
export const LOGIN = { user: 'ann', password: 'open-sesame' };
/** bcrypt, as htpasswd(1) makes it. */
const HTPASSWD = 'ann:$2b$04$x156mim4/MMgWFHObfFUT.e4wcl6.eTUzG81mZe62BHVRq2fY0Zt.\n';

export class Registry implements AsyncDisposable {
  /** `127.0.0.1:PORT`, as image references begin. */
  readonly host: string;
  readonly #blobs: string;
  readonly #child: ChildProcess;

  private constructor(host: string, blobs: string, child: ChildProcess) {
    this.host = host;
    this.#blobs = blobs;
    this.#child = child;
  }

  /** @param directory an empty one, for all that it keeps */
  static async start(directory: string, { login = false } = {}): Promise<Registry> {
    const blobs = join(directory, 'blobs');
    mkdirSync(blobs, { recursive: true });
    const htpasswd = join(directory, 'htpasswd');
    writeFileSync(htpasswd, HTPASSWD);
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: blobs } },
      http: { addr: '127.0.0.1:0' },
      ...(login ? { auth: { htpasswd: { realm: 'test', path: htpasswd } } } : {}),
    };
    // JSON is YAML.
    writeFileSync(join(directory, 'config.yml'), JSON.stringify(config));
    const child = spawn('docker-registry', ['serve', join(directory, 'config.yml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface({ input: child.stderr });
    for await (const line of lines) {
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      child.stderr.resume();
      return new Registry(`127.0.0.1:${port}`, blobs, child);
    }
    throw new Error('the registry did not start');
  }

  /** Puts the image of an OCI layout there. */
  async push(layout: string, name: string): Promise<void> {
    const { user, password } = LOGIN;
    const args = ['--dest-tls-verify=false', '--preserve-digests', '--dest-creds'];
    const target = `docker://${this.host}/${name}`;
    await execa('skopeo', ['copy', ...args, `${user}:${password}`, `oci:${layout}`, target]);
  }

  /** The file in which it keeps a blob or manifest. @param digest without `sha256:` */
  blob(digest: string): string {
    const below = `docker/registry/v2/blobs/sha256/${digest.slice(0, 2)}/${digest}/data`;
    return join(this.#blobs, below);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }
}
