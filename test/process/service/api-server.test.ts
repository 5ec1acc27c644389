import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asActivated, Lines } from '../../support/service-manager.ts';
import { temporaryDirectory } from '../host/support.ts';

const CHILD = join(import.meta.dirname, 'api-child.ts');

/** A service manager that holds sockets, and the processes it starts on them one after the other. */
class Activation implements AsyncDisposable {
  readonly #child: ReturnType<typeof spawn>;
  readonly lines: Lines;
  readonly #pids: number[] = [];

  constructor(listen: readonly string[], path: string) {
    const [file = '', ...args] = asActivated({ listen }, [process.execPath, CHILD, path]);
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = new Lines(this.#child);
  }

  /** Resolves when it listens, or with the line that says why it does not. */
  async start(): Promise<string> {
    const before = this.lines.all.length;
    this.#child.stdin?.write('\n');
    const pid = await this.#after(before, /^started (\d+)$/);
    this.#pids.push(Number(pid[1]));
    return (await this.#after(before, /^(reached .*|\w*Error.*)$/))[0];
  }

  /** Requests are answered from now on. */
  open(): void {
    process.kill(this.#pids.at(-1) ?? 0, 'SIGUSR2');
  }

  async stop(): Promise<void> {
    const before = this.lines.all.length;
    process.kill(this.#pids.at(-1) ?? 0, 'SIGTERM');
    await this.#after(before, /^closed$/);
  }

  async asked(url: string): Promise<void> {
    await this.#after(0, new RegExp(`^request ${url}$`));
  }

  #after(index: number, pattern: RegExp): Promise<RegExpExecArray> {
    return this.lines.until(`it says ${pattern}`, (lines) => {
      const found = lines.slice(index).map((line) => pattern.exec(line));
      return found.find((match) => match !== null) ?? undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.#pids)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await closed;
  }
}

/** The whole body; rejects when the connection breaks before its end. */
function get(socketPath: string, path: string, onData = (): void => {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const outgoing = request({ socketPath, path, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      onData();
    });
    response.on('end', () => resolve(text));
    response.on('error', reject);
  });
  outgoing.on('error', reject);
  outgoing.end();
  return promise;
}

test('a socket that was handed over is served as it is and left behind', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 's');
  await using service = new Activation([`stream:${path}`], path);
  expect(await service.start()).toBe('reached true');
  await chmod(path, 0o640);
  const before = statSync(path);
  service.open();
  expect(await get(path, '/quick')).toBe('quick\n');
  await service.stop();
  expect(existsSync(path)).toBe(true);
  expect(statSync(path)).toMatchObject({ mode: before.mode, ino: before.ino, gid: before.gid });
});

test('connections made between two daemons are served by the next', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 's');
  await using service = new Activation([`stream:${path}`], path);
  await service.start();
  await service.stop();
  const waiting = [get(path, '/a'), get(path, '/b')];
  await service.start();
  // Also while it is not ready to answer.
  waiting.push(get(path, '/c'));
  service.open();
  expect(await Promise.all(waiting)).toEqual(['quick\n', 'quick\n', 'quick\n']);
});

test('every socket that was handed over is served', async () => {
  await using tmp = await temporaryDirectory();
  const paths = ['a', 'b', 'c'].map((name) => join(tmp.path, name));
  await using service = new Activation(
    paths.map((path) => `stream:${path}`),
    paths[1] ?? '',
  );
  expect(await service.start()).toBe('reached true');
  service.open();
  expect(await Promise.all(paths.map((path) => get(path, '/quick')))).toEqual(
    paths.map(() => 'quick\n'),
  );
});

test('at the end streams are ended, answers under way finish, and what hangs is cut', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 's');
  await using service = new Activation([`stream:${path}`], path);
  await service.start();
  service.open();
  const streaming = Promise.withResolvers<void>();
  const stream = get(path, '/stream', () => streaming.resolve());
  const slow = get(path, '/slow');
  const hanging = get(path, '/never').catch((error: Error) => error);
  const silent = connect(path);
  const cut = new Promise((resolve) => silent.once('close', resolve));
  silent.on('error', () => {});
  await Promise.all([streaming.promise, service.asked('/slow'), service.asked('/never')]);
  await service.stop();
  expect(await stream).toBe('begun\nover\n');
  expect(await slow).toBe('slow\n');
  expect(await hanging).toBeInstanceOf(Error);
  await cut;
});

test('a request that is on its way when the daemon ends gets its answer', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 's');
  await using service = new Activation([`stream:${path}`], path);
  await service.start();
  service.open();
  const socket = connect(path);
  await once(socket, 'connect');
  // Connections are taken in their order, so by then ours has been.
  const streaming = Promise.withResolvers<void>();
  const stream = get(path, '/stream', () => streaming.resolve());
  await streaming.promise;
  const stopped = service.stop();
  // Now it has begun to stop.
  expect(await stream).toBe('begun\nover\n');
  socket.setEncoding('utf8').write('GET /quick HTTP/1.1\r\nhost: x\r\n\r\n');
  const [answer] = await once(socket, 'data');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  await stopped;
});

test.for([
  ['nobody', () => undefined],
  ['another program', (path: string) => `stream:${path}`],
] as const)('a path where %s is reached is not this one', async ([, other]) => {
  await using tmp = await temporaryDirectory();
  const elsewhere = join(tmp.path, 'elsewhere');
  const foreign = other(elsewhere);
  await using others = new Activation(foreign === undefined ? [] : [foreign], elsewhere);
  if (foreign !== undefined) {
    await others.start();
    others.open();
  }
  await using service = new Activation([`stream:${join(tmp.path, 's')}`], elsewhere);
  expect(await service.start()).toBe('reached false');
});

test.for([
  ['dgram', 'no Unix stream socket'],
  ['seqpacket', 'no Unix stream socket'],
  ['tcp', 'a network socket'],
  ['file', 'no Unix stream socket'],
] as const)('%s is refused', async ([kind, what]) => {
  await using tmp = await temporaryDirectory();
  const path = kind === 'file' ? import.meta.filename : join(tmp.path, 's');
  await using service = new Activation([`${kind}:${path}`], path);
  expect(await service.start()).toBe(
    `ListenFdError: the service manager handed over descriptor 3, which is ${what}; the API is served on Unix stream sockets only (ListenStream=/PATH in the socket unit)`,
  );
});
