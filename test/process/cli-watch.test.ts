import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { ago, eventObject, listOf, run, running, vmObject } from '../unit/cli/objects.ts';
import {
  EVENTS,
  runCli,
  sendJson,
  startCli,
  startDaemon,
  type TestDaemon,
  VMS,
} from './cli-harness.ts';

/** Serves the list, and hands out the open watch. */
function watchable(daemon: TestDaemon, path: string, items: readonly unknown[]) {
  const opened = Promise.withResolvers<ServerResponse>();
  daemon.on(`GET ${path}`, (response, { url }) => {
    if (!url.includes('watch=1')) return sendJson(response, 200, listOf(items));
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    opened.resolve(response);
  });
  return async (type: string, object: unknown): Promise<void> => {
    (await opened.promise).write(`${JSON.stringify({ type, object })}\n`);
  };
}

const demo = vmObject('demo', { status: running('i1') });
const stopped = vmObject('demo', { status: { runHistory: [run('i1', 'GuestShutdown')] } });

test('list --watch prints a line for each visible change and ends well on Ctrl-C', async () => {
  await using daemon = await startDaemon();
  const send = watchable(daemon, VMS, [demo]);
  const watch = startCli(['list', '--watch'], daemon);
  await watch.printed('Running');
  // Neither a mere touch nor a bookmark is news.
  await send('MODIFIED', { ...demo, metadata: { ...demo.metadata, resourceVersion: '9' } });
  await send('BOOKMARK', { metadata: { resourceVersion: '10' } });
  await send('MODIFIED', stopped);
  await watch.printed('guest shut down');
  await send('DELETED', stopped);
  await watch.printed('Deleted');
  watch.interrupt();
  expect(await watch.code).toBe(0);
  expect(watch.stdout()).toBe(
    [
      'NAME   STATUS    STRATEGY   AGE   LAST-END',
      'demo   Running   Always     5m    -',
      'demo   Stopped   Always     60m   guest shut down 2s ago',
      'demo   Deleted   Always     60m   guest shut down 2s ago',
      '',
    ].join('\n'),
  );
  expect(watch.stderr()).toBe('');
});

test('a VM that vanished while the watch was down is told after the next list', async () => {
  await using daemon = await startDaemon();
  let lists = 0;
  daemon.on(`GET ${VMS}`, (response, { url }) => {
    if (url.includes('watch=1')) return void response.writeHead(200).end();
    lists += 1;
    sendJson(response, 200, listOf(lists === 1 ? [demo] : []));
  });
  const watch = startCli(['list', '--watch'], daemon);
  await watch.printed('Deleted');
  watch.interrupt();
  expect(await watch.code).toBe(0);
  expect(watch.stdout().match(/^demo/gm)).toHaveLength(2);
});

test('a watch as data streams one event per line', async () => {
  await using daemon = await startDaemon();
  const send = watchable(daemon, VMS, [demo]);
  const watch = startCli(['list', '-w', '-o', 'json'], daemon);
  await send('MODIFIED', stopped);
  await watch.printed('MODIFIED');
  watch.interrupt();
  expect(await watch.code).toBe(0);
  const lines = watch.stdout().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { type: 'ADDED', object: demo },
    { type: 'MODIFIED', object: stopped },
  ]);
});

test('a watch ends with exit code 3 when the daemon goes away', async () => {
  const daemon = await startDaemon();
  watchable(daemon, VMS, [demo]);
  const watch = startCli(['list', '--watch'], daemon);
  await watch.printed('Running');
  await daemon[Symbol.asyncDispose]();
  expect(await watch.code).toBe(3);
  expect(watch.stderr()).toContain('no solovirt daemon');
});

test('a watch is ended by an error that the daemon sends', async () => {
  await using daemon = await startDaemon();
  const send = watchable(daemon, VMS, []);
  const watch = startCli(['list', '--watch'], daemon);
  await send('ERROR', { kind: 'Status', message: 'out of watches', code: 429 });
  expect(await watch.code).toBe(1);
  expect(watch.stderr()).toBe('error: out of watches\n');
});

test('events --watch follows one VM', async () => {
  await using daemon = await startDaemon();
  const send = watchable(daemon, EVENTS, [eventObject('e1')]);
  const watch = startCli(['events', 'demo', '--watch'], daemon);
  await watch.printed('The guest runs.');
  const foreign = { ...eventObject('e2').involvedObject, name: 'web' };
  await send('ADDED', eventObject('e2', { message: 'not ours', involvedObject: foreign }));
  await send('ADDED', eventObject('e3', { message: 'It ended.', lastTimestamp: ago(0) }));
  await watch.printed('It ended.');
  // The same event again, counted up.
  await send('MODIFIED', eventObject('e3', { message: 'It ended.', count: 2 }));
  await watch.printed('It ended. (x2)');
  watch.interrupt();
  expect(await watch.code).toBe(0);
  expect(watch.stdout()).not.toContain('not ours');
});

test('logs --follow prints as it comes, bears silence, and ends well on Ctrl-C', async () => {
  await using daemon = await startDaemon();
  const path = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/demo/logs';
  const opened = Promise.withResolvers<ServerResponse>();
  daemon.on(`GET ${path}`, (response) => {
    response.writeHead(200).flushHeaders();
    opened.resolve(response);
  });
  const options = { ...daemon, requestMs: 1_500 };
  const following = startCli(['logs', 'demo', '-f'], options);
  const response = await opened.promise;
  response.write('login: ');
  await following.printed('login: ');
  // Another request with the same deadline runs into it; the log is still followed afterwards.
  daemon.on(`GET ${VMS}`, () => undefined);
  expect((await runCli(['list'], options)).stderr).toContain('did not answer');
  response.write('root');
  await following.printed('login: root');
  following.interrupt();
  expect(await following.code).toBe(0);
  expect(daemon.requests[0]?.url).toBe(`${path}?stream=console&follow=1`);
});
