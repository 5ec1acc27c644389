import { expect, test } from 'vitest';
import type { EvidenceView, RunView } from '../../src/api/contract-runs.ts';
import { ago, demo, eventObject, listOf, run, running, vmObject } from '../unit/cli/objects.ts';
import {
  ALL_VMS,
  answers,
  EVENTS,
  type Received,
  runCli,
  startDaemon,
  type TestDaemon,
  VMS,
} from './cli-harness.ts';

const FIRST = '11111111-aaaa';
const SECOND = '22222222-bbbb';

const evidence: EvidenceView = {
  exit: { kind: 'exited', code: 1 },
  events: [
    { event: 'RESUME', data: {}, at: Date.parse(ago(60)) },
    { event: 'SHUTDOWN', data: { guest: true, reason: 'guest-panic' }, at: Date.parse(ago(2)) },
  ],
  intents: [
    { action: 'quit', initiator: 'command', gracePeriodSeconds: 30, at: Date.parse(ago(3)) },
  ],
  stderrTail: 'qemu: warning',
  consoleTail: 'Kernel panic - not syncing',
};
const newer: RunView = { ...run(SECOND, 'GuestPanicked'), evidence };
const older = run(FIRST, 'GuestShutdown', {
  startedAt: ago(7200),
  runningAt: ago(7199),
  endedAt: ago(3600),
});

function serve(daemon: TestDaemon, items: readonly RunView[], vm = vmObject('demo')): void {
  daemon.on(
    `GET ${VMS}/demo/runs`,
    answers({ kind: 'RunList', apiVersion: 'solovirt.io/v1', items }),
  );
  daemon.on(`GET ${VMS}/demo`, answers(vm));
}

test('runs shows each end with its verdict, newest first', async () => {
  await using daemon = await startDaemon();
  serve(daemon, [newer, older], demo);
  expect(await runCli(['runs', 'demo'], daemon)).toEqual({
    code: 0,
    stdout: [
      'RUN        ENDED                            RAN FOR   OUTCOME     REASON          BY      MESSAGE',
      '22222222   2026-11-22T11:59:58Z (2s ago)    58s       Failed      GuestPanicked   guest   The end was GuestPanicked.',
      '11111111   2026-11-22T11:00:00Z (60m ago)   59m       Succeeded   GuestShutdown   guest   The end was GuestShutdown.',
      '',
    ].join('\n'),
    stderr: 'Run i1 goes on, since 5m ago: solovirt describe demo\n',
  });
});

test('runs cut to a few, as names and as data', async () => {
  await using daemon = await startDaemon();
  serve(daemon, [newer, older]);
  const names = await runCli(['runs', 'demo', '-o', 'name'], daemon);
  expect(names).toEqual({ code: 0, stdout: `${SECOND}\n${FIRST}\n`, stderr: '' });
  const last = await runCli(['runs', 'demo', '--last', '1', '-o', 'json'], daemon);
  expect(JSON.parse(last.stdout)).toEqual({
    kind: 'RunList',
    apiVersion: 'solovirt.io/v1',
    items: [newer],
  });
});

test('on a narrow terminal outcome and reason stay, in colours that the words do not need', async () => {
  await using daemon = await startDaemon();
  serve(daemon, [newer]);
  const terminal = { ...daemon, isTTY: true, columns: 50 };
  const coloured = await runCli(['runs', 'demo'], terminal);
  expect(coloured.stdout).toContain('\u001b[31mFailed\u001b[0m    GuestPanicked\n');
  const plain = await runCli(['runs', 'demo'], { ...terminal, env: { NO_COLOR: '1' } });
  expect(plain.stdout).toBe('RUN        OUTCOME   REASON\n22222222   Failed    GuestPanicked\n');
});

test('the evidence of a run is all that is on record of it', async () => {
  await using daemon = await startDaemon();
  serve(daemon, [newer, older]);
  for (const wanted of ['last', SECOND, '2222'])
    expect(
      (await runCli(['runs', 'demo', '--evidence', wanted], daemon)).stdout,
    ).toBe(`Run:         ${SECOND}
Started:     2026-11-22T11:58:59Z
Running:     2026-11-22T11:59:00Z
Ended:       2026-11-22T11:59:58Z (2s ago)
Ran for:     58s
Outcome:     Failed (by: guest)
Verdict:     GuestPanicked: The end was GuestPanicked.
Exit:        code 1
QEMU events:
  RESUME at 2026-11-22T11:59:00Z
  SHUTDOWN guest=true reason=guest-panic at 2026-11-22T11:59:58Z
What solovirt did:
  quit (command, grace period 30 s) at 2026-11-22T11:59:57Z
What QEMU said:
  qemu: warning
Console:
  Kernel panic - not syncing
`);
});

test('a run that is not there, and a VM that is not, are told apart', async () => {
  await using daemon = await startDaemon();
  serve(daemon, []);
  daemon.on(`GET ${ALL_VMS}`, answers(listOf([demo])));
  const none = await runCli(['runs', 'demo'], daemon);
  expect([none.code, none.stderr]).toEqual([0, 'demo has never run: solovirt start demo\n']);
  const noRun = await runCli(['runs', 'demo', '--evidence', 'abcd'], daemon);
  expect([noRun.code, noRun.stderr]).toEqual([
    1,
    'error: demo has no ended run "abcd"\n`solovirt runs demo` lists them.\n',
  ]);
  expect((await runCli(['runs', 'dem'], daemon)).stderr).toContain('Did you mean demo?');
});

const LOGS = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/demo/logs';

/** Serves a log that names its run and what it was asked for. */
function serveLogs(daemon: TestDaemon): void {
  daemon.on(`GET ${LOGS}`, (response, { url }: Received) => {
    const query = new URL(url, 'http://x').searchParams;
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`log of ${query.get('run')}\n`);
  });
}

const twoRuns = vmObject('demo', {
  status: { ...running('live', { startedAt: ago(1) }), runHistory: [newer, older] },
});

test('logs --previous is the run before the one that logs would show', async () => {
  await using daemon = await startDaemon();
  serveLogs(daemon);
  serve(daemon, [], twoRuns);
  expect((await runCli(['logs', 'demo', '--previous'], daemon)).stdout).toBe(`log of ${SECOND}\n`);
  serve(daemon, [], vmObject('demo', { status: { runHistory: [newer, older] } }));
  expect((await runCli(['logs', 'demo', '-p'], daemon)).stdout).toBe(`log of ${FIRST}\n`);
  serve(daemon, [], demo);
  const none = await runCli(['logs', 'demo', '-p'], daemon);
  expect([none.code, none.stderr.split('\n')[0]]).toEqual([
    1,
    'error: demo has no run before this one',
  ]);
});

test('logs --since shows whole runs, and refuses to cut a console without times', async () => {
  await using daemon = await startDaemon();
  serveLogs(daemon);
  serve(daemon, [], twoRuns);
  const both = await runCli(['logs', 'demo', '--since', '2h'], daemon);
  expect(both.stdout).toBe(`log of ${FIRST}\nlog of ${SECOND}\nlog of live\n`);
  expect(both.stderr).toContain('--- run 22222222, started 2026-11-22T11:58:59Z\n');
  const refused = await runCli(['logs', 'demo', '--since-time', ago(30)], daemon);
  expect(refused).toMatchObject({ code: 0, stdout: 'log of live\n' });
  expect(refused.stderr).toBe(
    'the console of run 22222222 has no times, and it began before 2026-11-22T11:59:30Z: left out\n' +
      'All of it: solovirt logs demo --run 22222222\n',
  );
  serve(daemon, [], demo);
  const nothing = await runCli(['logs', 'demo', '--since', '10s'], daemon);
  expect([nothing.code, nothing.stderr.split('\n')[0]]).toEqual([
    1,
    'error: the console of run i1 has no times, and it began before 2026-11-22T11:59:50Z',
  ]);
});

test("logs --qemu --since goes by the dates of QEMU's own messages", async () => {
  await using daemon = await startDaemon();
  serve(daemon, [], demo);
  daemon.on(`GET ${LOGS}`, (response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('2026-11-22T11:56:00.123456Z qemu: early\n2026-11-2');
    response.end('2T11:59:59.000000Z qemu: late\nmore of it\n');
  });
  const { stdout } = await runCli(['logs', 'demo', '--qemu', '--since', '60s'], daemon);
  expect(stdout).toBe('2026-11-22T11:59:59.000000Z qemu: late\nmore of it\n');
});

test.for([
  [['--previous', '--run', 'r1'], '--previous and --run cannot be given together'],
  [['--since', '1h', '--run', 'r1'], '--run and --since cannot be given together'],
  [['--previous', '-f'], 'a run that has ended says no more, so --previous cannot be followed'],
] as const)('logs %j are refused', async ([args, message]) => {
  const { code, stderr } = await runCli(['logs', 'demo', ...args]);
  expect([code, stderr.split('\n')[0]]).toEqual([2, `error: ${message}`]);
});

test.for([
  [
    ['--since', '1m'],
    ['late', 'warned'],
  ],
  [['--type', 'Warning'], ['warned']],
  [
    ['--reason', 'started,Nothing'],
    ['early', 'late'],
  ],
] as const)('events %j are only those', async ([args, expected]) => {
  await using daemon = await startDaemon();
  const of = (message: string, seconds: number, parts = {}) =>
    eventObject(message, { message, lastTimestamp: ago(seconds), ...parts });
  const items = [
    of('early', 3600),
    of('late', 30),
    of('warned', 10, { type: 'Warning', reason: 'Stopped' }),
  ];
  daemon.on(`GET ${EVENTS}`, answers(listOf(items)));
  const { stdout } = await runCli(['events', '--no-headers', ...args], daemon);
  const messages = stdout.trimEnd().split('\n');
  expect(messages.map((line) => line.split(/ {3,}/).at(-1))).toEqual(expected);
});

test('list by labels asks the daemon, and sorts as asked', async () => {
  await using daemon = await startDaemon();
  const paused = vmObject('zed', { status: { printableStatus: 'Paused' } });
  daemon.on(`GET ${VMS}`, answers(listOf([demo, paused])));
  const args = ['list', '-l', 'app=web', '--sort-by', 'status', '--no-headers'];
  const { stdout } = await runCli(args, daemon);
  expect(daemon.requests[0]?.url).toBe(`${VMS}?labelSelector=app%3Dweb`);
  expect(stdout).toBe('zed    Paused    Always   60m   -\ndemo   Running   Always   5m    -\n');
});
