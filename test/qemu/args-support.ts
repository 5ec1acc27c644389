/** Launches a real QEMU from built arguments and talks to it: enough QMP for these tests, no more. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { InstancePaths } from '../../src/core/paths.ts';
import { buildQemuArgs } from '../../src/core/qemu-args/build.ts';
import type { QemuArgsInput } from '../../src/core/qemu-args/input.ts';

const LAUNCH_DEADLINE_MS = 15_000;

/** A directory that is gone after the test. */
export async function tempDir(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'qa-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export async function makeInstanceDirs(paths: InstancePaths): Promise<void> {
  await mkdir(paths.dir, { recursive: true });
  await mkdir(paths.runtimeDir, { recursive: true });
}

export interface LiveQemu extends AsyncDisposable {
  /** One QMP command; rejects with QEMU's own words when it is refused. */
  readonly execute: (command: string, args?: object) => Promise<unknown>;
  /** A property of the device with this id. */
  readonly property: (device: string, name: string) => Promise<unknown>;
  /** Resolves when QEMU has ended by itself. */
  readonly ended: () => Promise<void>;
}

/** Starts QEMU, waits for its greeting on the daemon's socket and negotiates. */
export async function launch(input: QemuArgsInput): Promise<LiveQemu> {
  const child = execa('qemu-system-x86_64', buildQemuArgs(input), {
    reject: false,
    stdin: 'ignore',
    timeout: 45_000,
    killSignal: 'SIGKILL',
  });
  let ended = false;
  const end = child.then((result) => {
    ended = true;
    return result;
  });
  const deadline = Date.now() + LAUNCH_DEADLINE_MS;
  let socket: Socket | undefined;
  while (socket === undefined) {
    if (ended) throw new Error(`QEMU ended: ${(await end).stderr}`);
    if (Date.now() > deadline) throw new Error('QEMU opened no QMP socket');
    socket = await tryConnect(input.paths.qmpSocket);
    if (socket === undefined) await delay(5);
  }
  const qmp = dialogue(socket);
  try {
    await qmp.greeting;
    await qmp.execute('qmp_capabilities');
  } catch (error) {
    throw new Error(`QEMU ended: ${(await end).stderr}`, { cause: error });
  }
  return {
    execute: qmp.execute,
    property: (device, name) =>
      qmp.execute('qom-get', { path: `/machine/peripheral/${device}`, property: name }),
    ended: async () => {
      await end;
    },
    [Symbol.asyncDispose]: async () => {
      await qmp.execute('quit').catch(() => undefined);
      await end;
      socket.destroy();
    },
  };
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function dialogue(socket: Socket) {
  const pending: PromiseWithResolvers<unknown>[] = [];
  const greeting = Promise.withResolvers<void>();
  let buffered = '';
  socket.setEncoding('utf8').on('data', (text) => {
    const lines = `${buffered}${text}`.split('\r\n');
    buffered = lines.pop() ?? '';
    for (const line of lines) {
      const message: Record<string, unknown> = JSON.parse(line);
      if ('QMP' in message) greeting.resolve();
      if ('return' in message) pending.shift()?.resolve(message['return']);
      if ('error' in message) pending.shift()?.reject(new Error(JSON.stringify(message['error'])));
    }
  });
  const fail = () => {
    greeting.reject(new Error('QEMU closed the socket'));
    for (const reply of pending.splice(0)) reply.reject(new Error('QEMU closed the socket'));
  };
  socket.on('error', fail).on('close', fail);
  return {
    greeting: greeting.promise,
    execute: (command: string, args: object = {}) => {
      const reply = Promise.withResolvers<unknown>();
      if (socket.destroyed) reply.reject(new Error('QEMU closed the socket'));
      else pending.push(reply);
      socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
      return reply.promise;
    },
  };
}
