/** The client against agents of our own making on a real socket: slow, confused, hostile. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgentClient } from '../../src/qemu/agent-client.ts';
import {
  AgentClosedError,
  AgentCommandError,
  AgentProtocolError,
  AgentTimeoutError,
} from '../../src/qemu/agent-error.ts';

interface Asked {
  readonly command: string;
  /** Of a `guest-sync-delimited`. */
  readonly id: number | undefined;
  readonly socket: Socket;
}

interface Scene extends AsyncDisposable {
  readonly client: AgentClient;
  /** Why the client closed the connection. */
  readonly closed: Promise<Error>;
  /** Commands in the order in which they came. */
  readonly seen: readonly string[];
}

const PATIENCE_MS = 20_000;
const SHORT_MS = 50;

/** An agent that keeps in step as it should, and answers everything else as `answer` says. */
async function scene(answer: (asked: Asked) => void, sync = inStep): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-agent-'));
  const path = join(dir, 's');
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let rest = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { execute, arguments: args } = JSON.parse(line.replace('\xff', ''));
        seen.push(execute);
        const asked = { command: execute, id: args?.id, socket };
        if (execute === 'guest-sync-delimited') sync(asked);
        else answer(asked);
      }
    });
  }).listen(path);
  await once(server, 'listening');
  const { promise: closed, resolve } = Promise.withResolvers<Error>();
  let id = 0;
  const client = new AgentClient(path, { nextSyncId: () => ++id, onClose: resolve });
  return {
    client,
    closed,
    seen,
    async [Symbol.asyncDispose]() {
      client.close();
      await closed;
      for (const socket of sockets) socket.destroy();
      server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function inStep({ socket, id }: Asked): void {
  socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(`{"return": ${id}}\n`)]));
}

test('commands are answered one after the other, after one sync', async () => {
  await using s = await scene(({ command, socket }) => {
    socket.write(`{"return": "${command}"}\n`);
  });
  const answers = ['a', 'b', 'c'].map((name) => s.client.execute(name, undefined, PATIENCE_MS));
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  expect(s.seen).toEqual(['guest-sync-delimited', 'a', 'b', 'c']);
});

test('a refusal is the command’s, in clean words', async () => {
  await using s = await scene(({ socket }) => {
    socket.write(`${JSON.stringify({ error: { class: 'X', desc: 'no\x1b[2J way\nat all' } })}\n`);
  });
  const refusal = s.client.execute('a', undefined, PATIENCE_MS);
  await expect(refusal).rejects.toThrow(new AgentCommandError('a', 'no way at all'));
});

test('an answer that comes too late is taken for no other', async () => {
  let late: Socket | undefined;
  await using s = await scene(({ command, socket }) => {
    if (command === 'slow') late = socket;
    else socket.write(`{"return": "${command}"}\n`);
  });
  await s.client.execute('quick', undefined, PATIENCE_MS);
  await expect(s.client.execute('slow', undefined, SHORT_MS)).rejects.toThrow(AgentTimeoutError);
  late?.write('{"return": "slow"}\n');
  expect(await s.client.execute('next', undefined, PATIENCE_MS)).toBe('next');
  expect(s.seen).toEqual(['guest-sync-delimited', 'quick', 'slow', 'guest-sync-delimited', 'next']);
});

test('only the answer to this sync brings the two in step', async () => {
  await using s = await scene(
    ({ socket }) => socket.write('{"return": 1}\n'),
    (asked) => {
      asked.socket.write('{"return": 99}\n\xff{"return": 98}\n', 'latin1');
      asked.socket.write(`{"error": {"desc": "JSON parse error"}}\n{"return": ${asked.id}}\n`);
      inStep(asked);
    },
  );
  expect(await s.client.execute('a', undefined, PATIENCE_MS)).toBe(1);
});

test('an agent that never answers costs one deadline each, and no more commands than fit', async () => {
  await using s = await scene(
    () => {},
    () => {},
  );
  const all = Array.from({ length: 40 }, () => s.client.execute('a', undefined, SHORT_MS));
  const results = await Promise.allSettled(all);
  for (const result of results) {
    expect(result).toMatchObject({ status: 'rejected' });
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(AgentTimeoutError);
  }
  expect(s.seen).not.toContain('a');
});

test.for<[string, string | Buffer]>([
  ['no JSON', 'hello\n'],
  ['neither return nor error', '{"event": "X"}\n'],
  ['deep nesting', `{"return": ${'['.repeat(1000)}${']'.repeat(1000)}}\n`],
])('an answer of %s fails the command', async ([, bytes]) => {
  await using s = await scene(({ socket }) => socket.write(bytes));
  await expect(s.client.execute('a', undefined, PATIENCE_MS)).rejects.toThrow(AgentProtocolError);
});

test.for<[string, string]>([
  ['one line without an end', 'x'],
  ['lines without an end', '\n{}'],
  ['delimiters without an end', '\xff'],
])('%s ends the connection', async ([, unit]) => {
  const chunk = Buffer.from(unit.repeat(64 * 1024), 'latin1');
  const flood = ({ socket }: Asked): void => {
    const more = (): void => {
      if (!socket.destroyed) socket.write(chunk, more);
    };
    more();
  };
  await using s = await scene(flood, flood);
  await expect(s.client.execute('a', undefined, PATIENCE_MS)).rejects.toThrow(AgentProtocolError);
  expect(await s.closed).toBeInstanceOf(AgentProtocolError);
});

test('talk that nobody asked for ends the connection', async () => {
  await using s = await scene(({ socket }) => {
    socket.write('{"return": 1}\n');
    socket.write(Buffer.alloc(200_000, '{}\n'));
  });
  await s.client.execute('a', undefined, PATIENCE_MS);
  expect(await s.closed).toBeInstanceOf(AgentProtocolError);
  await expect(s.client.execute('b', undefined, PATIENCE_MS)).rejects.toThrow(AgentClosedError);
});

test('the end of the connection fails who waits, at once', async () => {
  await using s = await scene(({ socket }) => socket.destroy());
  await expect(s.client.execute('a', undefined, PATIENCE_MS)).rejects.toThrow(AgentClosedError);
});

test('nobody at the other end fails the command, and never the daemon', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<Error>();
  const client = new AgentClient('/nowhere/s', { nextSyncId: () => 1, onClose: resolve });
  await expect(client.execute('a', undefined, PATIENCE_MS)).rejects.toThrow(AgentClosedError);
  expect((await closed).message).toContain('ENOENT');
});

test('a command that is only answered when it fails is done when nobody objects', async () => {
  await using s = await scene(({ command, socket }) => {
    if (command === 'no') socket.write('{"error": {"desc": "never"}}\n');
    if (command === 'a') socket.write('{"return": "a"}\n');
  });
  await s.client.tell('yes', undefined, SHORT_MS);
  await expect(s.client.tell('no', undefined, PATIENCE_MS)).rejects.toThrow(AgentCommandError);
  expect(await s.client.execute('a', undefined, PATIENCE_MS)).toBe('a');
});

test('an agent that hangs has not been told anything', async () => {
  await using s = await scene(
    () => {},
    () => {},
  );
  await expect(s.client.tell('a', undefined, SHORT_MS)).rejects.toThrow(AgentTimeoutError);
  expect(s.seen).not.toContain('a');
});
