import { expect, test } from 'vitest';
import { signalProcess } from '../../src/qemu/kill-tree.ts';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { QmpBusyError, QmpCommandError, QmpTimeoutError } from '../../src/qemu/qmp-error.ts';
import { instanceDir } from '../support/instance-dir.ts';
import { awaitExit, dial, launchTiny } from '../support/tiny-guest.ts';

const UNWATCHED = { onEvent: () => {}, onClose: () => {} };

test('QEMU greets, answers, refuses, and reports events in order until it ends', async () => {
  await using dir = await instanceDir();
  const identity = await launchTiny(dir.paths, 'idle');
  await using session = await dial(dir.paths, identity);
  const { client, events } = session;
  expect(client.greeting.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(await client.execute('query-status')).toMatchObject({ status: 'prelaunch' });
  await expect(client.execute('no-such-command')).rejects.toMatchObject({
    name: 'QmpCommandError',
    errorClass: 'CommandNotFound',
  });
  await expect(client.execute('device_del', { id: 'nobody' })).rejects.toThrow(QmpCommandError);
  await client.execute('cont');
  await client.execute('stop');
  await client.execute('cont');
  await client.execute('system_powerdown');
  const before = Date.now();
  signalProcess(identity, 'SIGTERM');
  expect(await session.ended).toMatchObject({ name: 'QmpClosedError' });
  expect(events.map((event) => event.event)).toEqual([
    'RESUME',
    'STOP',
    'RESUME',
    'POWERDOWN',
    'SHUTDOWN',
  ]);
  expect(Math.abs((events.at(-1)?.at ?? 0) - before)).toBeLessThan(60_000);
  expect(await awaitExit(dir.paths, identity)).toEqual({ kind: 'exited', code: 0 });
});

test('a monitor that another client holds is busy, and free again when that one leaves', async () => {
  await using dir = await instanceDir();
  const identity = await launchTiny(dir.paths, 'idle');
  {
    await using _first = await dial(dir.paths, identity);
    // Some get into the queue of the socket (no greeting), the others do not (EAGAIN): all are told the same.
    const attempts = await Promise.allSettled(
      Array.from({ length: 4 }, () =>
        QmpClient.connect(dir.paths.qmpSocket, { ...UNWATCHED, greetingTimeoutMs: 50 }),
      ),
    );
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ status: 'rejected', reason: expect.any(QmpBusyError) });
  }
  await using second = await dial(dir.paths, identity);
  expect(await second.client.execute('query-status')).toMatchObject({ status: 'prelaunch' });
});

test('a QEMU that stands still is neither dead nor answering, and comes back', async () => {
  await using dir = await instanceDir();
  const identity = await launchTiny(dir.paths, 'idle');
  {
    await using session = await dial(dir.paths, identity);
    signalProcess(identity, 'SIGSTOP');
    const late = session.client.execute('query-status', undefined, { timeoutMs: 50 });
    await expect(late).rejects.toThrow(QmpTimeoutError);
  }
  await expect(
    QmpClient.connect(dir.paths.qmpSocket, { ...UNWATCHED, greetingTimeoutMs: 50 }),
  ).rejects.toThrow(QmpBusyError);
  signalProcess(identity, 'SIGCONT');
  await using again = await dial(dir.paths, identity);
  expect(await again.client.execute('query-status')).toMatchObject({ status: 'prelaunch' });
});

test('a large answer of QEMU arrives whole', async () => {
  await using dir = await instanceDir();
  const identity = await launchTiny(dir.paths, 'idle');
  await using session = await dial(dir.paths, identity);
  const schema = await session.client.execute('query-qmp-schema');
  expect(Array.isArray(schema) && schema.length).toBeGreaterThan(500);
});
