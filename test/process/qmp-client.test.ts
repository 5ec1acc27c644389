import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { QmpClient, type QmpConnectOptions } from '../../src/qemu/qmp-client.ts';
import {
  QmpBusyError,
  QmpClosedError,
  QmpCommandError,
  QmpConnectError,
  QmpProtocolError,
  QmpTimeoutError,
} from '../../src/qemu/qmp-error.ts';
import { answer, eventLine, GREETING, scriptedQmp, willing } from '../support/scripted-qmp.ts';

interface Observer extends QmpConnectOptions {
  readonly events: string[];
  readonly ends: (Error | undefined)[];
  readonly ended: Promise<Error | undefined>;
}

function observer(): Observer {
  const events: string[] = [];
  const ends: (Error | undefined)[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>();
  return {
    events,
    ends,
    ended,
    onEvent: (event) => events.push(event.event),
    onClose: (reason) => {
      ends.push(reason);
      resolve(reason);
    },
  };
}

test('a session greets, runs commands and ends when we close it', async () => {
  await using peer = await scriptedQmp(
    willing((command, socket) => answer(command, socket, command)),
  );
  const seen = observer();
  const client = await QmpClient.connect(peer.path, seen);
  expect(client.greeting.version).toBe('7.2.22');
  expect(await client.execute('query-status', { a: [1] })).toMatchObject({
    execute: 'query-status',
    arguments: { a: [1] },
  });
  await client.close();
  await client.close();
  expect(seen.ends).toEqual([undefined]);
});

test('answers find their commands in whatever order they come', async () => {
  await using peer = await scriptedQmp(
    willing((command, socket) => {
      if (command.execute !== 'second') return;
      answer({ ...command, id: 9999 }, socket, 'nobody asked');
      socket.write(
        '{"return": "no id"}\r\n{"error": {"class": "C", "desc": "no id"}}\r\n{"new": 1}\r\n',
      );
      answer(command, socket, 'two');
      answer({ ...command, id: command.id - 1 }, socket, 'one');
      answer(command, socket, 'two again');
    }),
  );
  await using client = await QmpClient.connect(peer.path, observer());
  expect(await Promise.all([client.execute('first'), client.execute('second')])).toEqual([
    'one',
    'two',
  ]);
});

test('a refusal carries QEMU’s class and words', async () => {
  await using peer = await scriptedQmp(
    willing((command, socket) => {
      socket.write(
        `${JSON.stringify({ id: command.id, error: { class: 'CommandNotFound', desc: 'gone fishing' } })}\n`,
      );
    }),
  );
  await using client = await QmpClient.connect(peer.path, observer());
  const refusal: unknown = await client.execute('x').catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(QmpCommandError);
  expect(refusal).toMatchObject({
    command: 'x',
    errorClass: 'CommandNotFound',
    desc: 'gone fishing',
  });
});

test('events before and during negotiation, and in the chunk of its answer, are all delivered in order', async () => {
  await using peer = await scriptedQmp((command, socket) => {
    if (command === undefined) socket.write(GREETING + eventLine('A'));
    else
      socket.write(
        `${eventLine('B')}${JSON.stringify({ return: {}, id: command.id })}\n${eventLine('C')}${eventLine('D')}`,
      );
  });
  const seen = observer();
  await using _client = await QmpClient.connect(peer.path, seen);
  expect(seen.events).toEqual(['A', 'B', 'C', 'D']);
});

test('frames may be cut anywhere, even inside a character', async () => {
  await using peer = await scriptedQmp(
    willing((command, socket) => {
      const bytes = Buffer.from(
        `${eventLine('ONE')}${JSON.stringify({ return: 'grün 你好', id: command.id })}\r\n`,
      );
      void (async () => {
        for (const byte of bytes) {
          socket.write(Buffer.of(byte));
          await nextTurn();
        }
      })();
    }),
  );
  const seen = observer();
  await using client = await QmpClient.connect(peer.path, seen);
  expect(await client.execute('x')).toBe('grün 你好');
  expect(seen.events).toEqual(['ONE']);
});

test('a large answer arrives whole', async () => {
  const big = 'x'.repeat(4 * 1024 * 1024);
  await using peer = await scriptedQmp(willing((command, socket) => answer(command, socket, big)));
  await using client = await QmpClient.connect(peer.path, observer());
  expect(await client.execute('x')).toBe(big);
});

test('without a socket, or with a dead one, connecting fails at once', async () => {
  const seen = observer();
  await expect(QmpClient.connect('/tmp/solovirt-no-such-dir/qmp', seen)).rejects.toThrow(
    QmpConnectError,
  );
  await expect(QmpClient.connect(`/tmp/${'x'.repeat(120)}`, seen)).rejects.toThrow(QmpConnectError);
  await expect(QmpClient.connect('/etc/passwd', seen)).rejects.toMatchObject({
    name: 'QmpConnectError',
    cause: { code: 'ECONNREFUSED' },
  });
  expect(seen.ends).toEqual([]);
});

test('a peer that accepts and stays silent is busy, not dead', async () => {
  await using peer = await scriptedQmp(() => {});
  const seen = observer();
  const attempt = QmpClient.connect(peer.path, { ...seen, greetingTimeoutMs: 30 });
  await expect(attempt).rejects.toThrow(QmpBusyError);
  expect(seen.ends).toEqual([]);
});

test('a peer that hangs up before its greeting is gone', async () => {
  await using peer = await scriptedQmp((_, socket) => socket.end());
  const seen = observer();
  await expect(QmpClient.connect(peer.path, seen)).rejects.toThrow(QmpClosedError);
  expect(seen.ends).toEqual([]);
});

test.for([
  ['no JSON', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['no greeting', '{"return": {}}\r\n'],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x0a])],
  ['a line without end', Buffer.alloc(16 * 1024 * 1024 + 1, 'x')],
] as const)('a peer that sends %s instead of a greeting is refused', async ([, bytes]) => {
  await using peer = await scriptedQmp((_, socket) => socket.write(bytes));
  await expect(QmpClient.connect(peer.path, observer())).rejects.toThrow(QmpProtocolError);
});

test('garbage in an established session ends it, with the reason', async () => {
  await using peer = await scriptedQmp(willing((_, socket) => socket.write('{"event": "A"}}\n')));
  const seen = observer();
  await using client = await QmpClient.connect(peer.path, seen);
  await expect(client.execute('x')).rejects.toMatchObject({
    name: 'QmpClosedError',
    cause: { name: 'QmpProtocolError' },
  });
  expect(await seen.ended).toBeInstanceOf(QmpProtocolError);
  expect(seen.ends).toHaveLength(1);
});

test('the end of QEMU rejects all who wait, after the events that came first', async () => {
  await using peer = await scriptedQmp(
    willing((command, socket) => {
      if (command.execute === 'last') socket.end(eventLine('SHUTDOWN'));
    }),
  );
  const seen = observer();
  const client = await QmpClient.connect(peer.path, seen);
  const results = await Promise.allSettled([client.execute('first'), client.execute('last')]);
  for (const result of results)
    expect(result).toMatchObject({ status: 'rejected', reason: { name: 'QmpClosedError' } });
  expect(await seen.ended).toBeInstanceOf(QmpClosedError);
  expect(seen.events).toEqual(['SHUTDOWN']);
  await expect(client.execute('late')).rejects.toThrow(QmpClosedError);
  await client.close();
  expect(seen.ends).toHaveLength(1);
});

test('a command without an answer times out, and its late answer hurts nobody', async () => {
  await using peer = await scriptedQmp(
    willing((command, socket) => {
      if (command.execute !== 'second') return;
      answer({ ...command, id: command.id - 1 }, socket, 'too late');
      answer(command, socket, 'in time');
    }),
  );
  await using client = await QmpClient.connect(peer.path, observer());
  await expect(client.execute('first', undefined, { timeoutMs: 20 })).rejects.toThrow(
    QmpTimeoutError,
  );
  expect(await client.execute('second')).toBe('in time');
});

test('a peer that stops reading gets no more commands than it may leave unread', async () => {
  await using peer = await scriptedQmp(willing((_, socket) => socket.pause()));
  const seen = observer();
  const client = await QmpClient.connect(peer.path, seen);
  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < 100; i += 1)
    answers.push(
      client.execute('x', { filler: 'y'.repeat(32 * 1024) }).catch((error: unknown) => error),
    );
  expect(await answers.at(-1)).toBeInstanceOf(QmpBusyError);
  await client.close();
  expect(await answers[0]).toBeInstanceOf(QmpClosedError);
  expect(seen.ends).toEqual([undefined]);
});

test('closing in an event handler stops the delivery', async () => {
  await using peer = await scriptedQmp(
    willing((_, socket) => socket.write(eventLine('A') + eventLine('B'))),
  );
  const events: string[] = [];
  const client = await QmpClient.connect(peer.path, {
    onEvent: (event) => {
      events.push(event.event);
      void client.close();
    },
    onClose: () => {},
  });
  await expect(client.execute('x')).rejects.toThrow(QmpClosedError);
  expect(events).toEqual(['A']);
});

test('an attempt can be given up, before and while it waits for the greeting', async () => {
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  await using peer = await scriptedQmp((_, socket) => {
    void once(socket, 'close').then(() => hungUp.resolve());
    socket.on('end', () => socket.end());
    resolve();
  });
  const abort = new AbortController();
  const attempt = QmpClient.connect(peer.path, { ...observer(), signal: abort.signal });
  await connected;
  abort.abort(new Error('changed my mind'));
  await expect(attempt).rejects.toThrow('changed my mind');
  await hungUp.promise;
  await expect(
    QmpClient.connect(peer.path, { ...observer(), signal: abort.signal }),
  ).rejects.toThrow('changed my mind');
});

test('an established session outlives the signal of its attempt', async () => {
  await using peer = await scriptedQmp(willing((command, socket) => answer(command, socket, 1)));
  const abort = new AbortController();
  await using client = await QmpClient.connect(peer.path, { ...observer(), signal: abort.signal });
  abort.abort();
  expect(await client.execute('x')).toBe(1);
});
