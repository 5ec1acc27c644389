import { expect, test } from 'vitest';
import {
  ago,
  demo,
  eventObject,
  hostInfo,
  listOf,
  PROBLEM,
  run,
  vmObject,
  web,
} from '../unit/cli/objects.ts';
import { ALL_VMS, answers, EVENTS, INFO, runCli, startDaemon, VMS } from './cli-harness.ts';

const broken = vmObject('broken', {
  spec: {},
  status: { printableStatus: 'Invalid', problems: [PROBLEM] },
});
const loop = vmObject('loop', {
  status: {
    printableStatus: 'CrashLoopBackOff',
    runHistory: [run('r2', 'KilledFromOutside')],
    startFailure: { consecutiveFailCount: 2, retryAfterTimestamp: ago(-42) },
  },
});

test('list shows each VM with its last end, and mentions broken files on stderr', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}`, answers(listOf([web, demo, broken, loop])));
  const result = await runCli(['list'], daemon);
  expect(result).toEqual({
    code: 0,
    stdout: [
      'NAME     STATUS             STRATEGY         AGE   LAST-END',
      'broken   Invalid            -                60m   broken.yaml:3:5: spec.runStratgy: unknown field; did you mean runStrategy?',
      'demo     Running            Always           5m    -',
      'loop     CrashLoopBackOff   Always           60m   killed from outside (SIGKILL) 2s ago, next try in 42s',
      'web      Stopped            RerunOnFailure   60m   guest shut down 5m ago',
      '',
    ].join('\n'),
    stderr: 'broken: 1 problem in its file: solovirt describe broken\n',
  });
});

test('a wide list of all namespaces adds namespace, pid, resets and file', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${ALL_VMS}`, answers(listOf([demo, vmObject('db', { namespace: 'prod' })])));
  const { stdout } = await runCli(['list', '-A', '-o', 'wide'], daemon);
  expect(stdout).toBe(
    [
      'NAMESPACE   NAME   STATUS    STRATEGY   AGE   IP   PID    RESETS   FILE                          LAST-END',
      'default     demo   Running   Always     5m    -    4711   2        /etc/solovirt/vms/demo.yaml   -',
      'prod        db     Stopped   Always     60m   -    -      -        /etc/solovirt/vms/db.yaml     -',
      '',
    ].join('\n'),
  );
});

test('list as data is the list itself, list as names can be given to other commands', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}`, answers(listOf([demo, broken])));
  daemon.on(`GET ${ALL_VMS}`, answers(listOf([demo])));
  const json = await runCli(['list', '-o', 'json'], daemon);
  expect(JSON.parse(json.stdout)).toEqual(listOf([broken, demo]));
  expect(json.stderr).toBe('');
  const yaml = await runCli(['list', '-o', 'yaml'], daemon);
  expect(yaml.stdout).toContain('    metadata:\n      name: demo\n');
  expect((await runCli(['list', '-o', 'name'], daemon)).stdout).toBe('broken\ndemo\n');
  expect((await runCli(['list', '-A', '-o', 'name'], daemon)).stdout).toBe('default/demo\n');
});

test('an empty list says where VM files belong, or that other namespaces have VMs', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}`, answers(listOf([])));
  daemon.on(`GET ${INFO}`, answers(hostInfo()));
  expect(await runCli(['list'], daemon)).toEqual({
    code: 0,
    stdout: '',
    stderr:
      'No virtual machines in namespace default.\nVM files are read from /etc/solovirt/vms; to write one: solovirt create vm --help\n',
  });
  daemon.on(`GET ${INFO}`, answers(hostInfo({ counts: { vms: 3, running: 0, invalid: 0 } })));
  expect((await runCli(['list'], daemon)).stderr).toContain(
    'There are 3 in other namespaces: solovirt list -A',
  );
});

test('events are shown oldest first, of one VM if asked', async () => {
  await using daemon = await startDaemon();
  const other = eventObject('e3', {
    involvedObject: { ...eventObject('e3').involvedObject, name: 'web' },
  });
  const late = eventObject('e2', { lastTimestamp: ago(1), reason: 'Stopped', type: 'Warning' });
  daemon.on(`GET ${EVENTS}`, answers(listOf([late, other, eventObject('e1')])));
  const { stdout } = await runCli(['events', 'demo'], daemon);
  expect(stdout).toBe(
    [
      'TIME                   TYPE      REASON    OBJECT                MESSAGE',
      '2026-11-22T11:59:50Z   Normal    Started   virtualmachine/demo   The guest runs.',
      '2026-11-22T11:59:59Z   Warning   Stopped   virtualmachine/demo   The guest runs.',
      '',
    ].join('\n'),
  );
  expect((await runCli(['events', '-o', 'name'], daemon)).stdout.split('\n')).toHaveLength(4);
});

test('events of a VM without any distinguish a quiet VM from an unknown one', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${EVENTS}`, answers(listOf([])));
  daemon.on(`GET ${VMS}/demo`, answers(demo));
  daemon.on(`GET ${ALL_VMS}`, answers(listOf([demo])));
  expect(await runCli(['events', 'demo'], daemon)).toMatchObject({
    code: 0,
    stderr: 'No events of demo.\n',
  });
  expect(await runCli(['events', 'dema'], daemon)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Did you mean demo?'),
  });
});

test('logs pass raw to a pipe and lose dangerous sequences on a terminal', async () => {
  await using daemon = await startDaemon();
  const path = '/apis/subresources.kubevirt.io/v1/namespaces/prod/virtualmachines/web/logs';
  const raw = '\u001bcboot\r\n\u001b[32mok\u001b[0m\n';
  daemon.on(`GET ${path}`, (response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write(raw.slice(0, 12));
    response.end(raw.slice(12));
  });
  const args = ['logs', 'prod/web', '--qemu', '--tail', '5', '--run', 'r1'];
  expect((await runCli(args, daemon)).stdout).toBe(raw);
  expect(daemon.requests[0]?.url).toBe(`${path}?stream=qemu&tail=5&run=r1`);
  const shown = await runCli(['logs', 'prod/web'], { ...daemon, isTTY: true });
  expect(shown.stdout).toBe('boot\r\n\u001b[32mok\u001b[0m\n');
});

test('logs tell an unknown VM from an unknown run', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${ALL_VMS}`, answers(listOf([demo])));
  daemon.on(`GET ${VMS}/demo`, answers(demo));
  expect((await runCli(['logs', 'dem'], daemon)).stderr).toContain('Did you mean demo?');
  const noRun = await runCli(['logs', 'demo', '--run', 'r7'], daemon);
  expect(noRun).toMatchObject({ code: 1, stderr: expect.stringContaining('run=r7 not found') });
});

test('info shows the daemon and its warnings', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${INFO}`, answers(hostInfo({ warnings: ['the VM directory cannot be read'] })));
  const { code, stdout, stderr } = await runCli(['info'], daemon);
  expect(code).toBe(0);
  expect(stdout).toContain('Daemon:         pid 77, up 120m (since 2026-11-22T10:00:00Z)\n');
  expect(stdout).toContain('Accelerator:    tcg: /dev/kvm opens but runs nothing\n');
  expect(stderr).toBe('warning: the VM directory cannot be read\n');
  const json = await runCli(['info', '-o', 'json'], daemon);
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'HostInfo', pid: 77 });
});
