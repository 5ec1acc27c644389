import { expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { instance, listOf, run, running, vmObject } from '../unit/cli/objects.ts';
import {
  answers,
  runCli,
  sendJson,
  startCli,
  startDaemon,
  type TestDaemon,
  takes,
  VMS,
} from './cli-harness.ts';

const up = vmObject('demo', { status: running('i1') });
const halted = vmObject('demo', { spec: { runStrategy: 'Halted' } });
const stopping = vmObject('demo', {
  status: { printableStatus: 'Stopping', instance: instance('i1') },
});

/** A watch that sends these objects at once, and stays open. */
function watches(daemon: TestDaemon, listed: VmObject, ...changes: readonly VmObject[]): void {
  daemon.on(`GET ${VMS}`, (response, { url }) => {
    if (!url.includes('watch=1')) return sendJson(response, 200, listOf([listed], '41'));
    expect(url).toContain('resourceVersion=41');
    response.writeHead(200, { 'content-type': 'application/json' });
    const lines = changes.map((object) => `${JSON.stringify({ type: 'MODIFIED', object })}\n`);
    // Cut in the middle, as a socket may.
    const text = lines.join('');
    response.write(text.slice(0, text.length - 20));
    response.write(text.slice(text.length - 20));
  });
}

test('stop --wait reports how the guest ended', async () => {
  await using daemon = await startDaemon();
  takes(daemon, 'stop', up, up);
  const other = vmObject('other', { status: { runHistory: [run('i1', 'GuestPanicked')] } });
  const down = vmObject('demo', { status: { runHistory: [run('i1', 'StoppedByCommand')] } });
  watches(daemon, up, other, down);
  expect(await runCli(['stop', '--wait', 'demo'], daemon)).toEqual({
    code: 0,
    stdout: 'VM demo was scheduled to stop\ndemo stopped: guest shut down on command after 0.0 s\n',
    stderr: '',
  });
});

test('restart --wait is done only when a new instance runs', async () => {
  await using daemon = await startDaemon();
  takes(daemon, 'restart', up, up);
  const between = vmObject('demo', { status: { runHistory: [run('i1', 'StoppedByCommand')] } });
  const starting = vmObject('demo', { status: running('i2', { phase: 'Scheduling' }) });
  const again = vmObject('demo', { status: running('i2') });
  watches(daemon, up, between, starting, again);
  const { code, stdout } = await runCli(['restart', 'demo', '--wait=30s'], daemon);
  expect(code).toBe(0);
  expect(stdout).toContain('demo is running after 0.0 s\n');
});

test('start --wait of a guest that cannot launch prints the verdict and what QEMU said', async () => {
  await using daemon = await startDaemon();
  const { runningAt: _, ...failed } = run('i1', 'LaunchFailed');
  takes(daemon, 'start', halted, halted);
  watches(daemon, halted, vmObject('demo', { status: { runHistory: [failed] } }));
  const evidence = { events: [], intents: [], stderrTail: 'qemu: bad disk\n', consoleTail: '' };
  daemon.on(
    `GET ${VMS}/demo/runs`,
    answers({ kind: 'RunList', apiVersion: 'solovirt.io/v1', items: [{ ...failed, evidence }] }),
  );
  const { code, stderr } = await runCli(['start', 'demo', '--wait'], daemon);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'error: demo did not start: failed to launch\n  The end was LaunchFailed.\n  qemu: bad disk\nSee `solovirt describe demo`.\n',
  });
});

test('a wait that reaches its limit fails and says what holds', async () => {
  await using daemon = await startDaemon();
  takes(daemon, 'stop', up, up);
  watches(daemon, stopping);
  const { code, stderr } = await runCli(['stop', 'demo', '--wait=50ms'], daemon);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'error: demo is still Stopping after 0s\nThe command stays in force: `solovirt describe demo` shows how far it is.\n',
  });
});

test('Ctrl-C ends a wait, not the command', async () => {
  await using daemon = await startDaemon();
  takes(daemon, 'stop', up, up);
  const watching = Promise.withResolvers<void>();
  daemon.on(`GET ${VMS}`, (response, { url }) => {
    if (!url.includes('watch=1')) return sendJson(response, 200, listOf([stopping]));
    response.writeHead(200).flushHeaders();
    watching.resolve();
  });
  const waiting = startCli(['stop', 'demo', '--wait'], daemon);
  await watching.promise;
  waiting.interrupt();
  expect(await waiting.code).toBe(1);
  expect(waiting.stderr()).toContain('no longer waiting for demo');
});

test('a wait outlives watch streams that end, break or are too old', async () => {
  await using daemon = await startDaemon();
  takes(daemon, 'stop', up, up);
  const down = vmObject('demo', { status: { runHistory: [run('i1', 'StoppedByCommand')] } });
  let watched = 0;
  daemon.on(`GET ${VMS}`, (response, { url }) => {
    if (!url.includes('watch=1')) return sendJson(response, 200, listOf([watched < 4 ? up : down]));
    watched += 1;
    if (watched === 1) return void response.writeHead(200).end();
    if (watched === 2) {
      const gone = { type: 'ERROR', object: { kind: 'Status', message: 'too old', code: 410 } };
      return void response.writeHead(200).end(`${JSON.stringify(gone)}\n`);
    }
    if (watched === 3) return sendJson(response, 410, { kind: 'Status', message: 'x', code: 410 });
    response.writeHead(200);
    response.write('{"type":"MODI');
    response.destroy();
  });
  const { code, stdout } = await runCli(['stop', 'demo', '--wait'], daemon);
  expect(code).toBe(0);
  expect(stdout).toContain('demo stopped: guest shut down on command');
  expect(watched).toBe(4);
});
