import { expect, test } from 'vitest';
import { ago, hostInfo, instance, listOf, running, vmObject } from '../unit/cli/objects.ts';
import {
  ALL_VMS,
  answers,
  command,
  INFO,
  refuses,
  runCli,
  sendJson,
  startDaemon,
  takes,
  VMS,
} from './cli-harness.ts';

function onInstance(name: string, verb: string): string {
  return `PUT /apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/${name}/${verb}`;
}

const up = vmObject('demo', { status: running('i1') });
const halted = vmObject('demo', { spec: { runStrategy: 'Halted' } });

test('stop says what was written into the file', async () => {
  await using daemon = await startDaemon();
  takes(daemon, 'stop', up, { ...up, spec: { runStrategy: 'Halted' } });
  expect(await runCli(['stop', 'demo'], daemon)).toEqual({
    code: 0,
    stdout: 'VM demo was scheduled to stop; its file now says runStrategy: Halted\n',
    stderr: '',
  });
});

test('a file that uses running is told in its own words', async () => {
  await using daemon = await startDaemon();
  const before = vmObject('demo', { spec: { running: false } });
  takes(daemon, 'start', before, vmObject('demo', { spec: { running: true } }));
  const { stdout } = await runCli(['start', 'demo'], daemon);
  expect(stdout).toBe('VM demo was scheduled to start; its file now says running: true\n');
});

test.for([
  [['start', 'demo'], 'start', {}],
  [['start', 'demo', '--paused'], 'start', { paused: true }],
  [['stop', 'demo'], 'stop', {}],
  [['stop', 'demo', '--force'], 'stop', { gracePeriod: 0 }],
  [['stop', 'demo', '--grace-period', '5'], 'stop', { gracePeriod: 5 }],
  [['stop', 'demo', '--force', '--grace-period', '2'], 'stop', { gracePeriod: 2 }],
  [['restart', 'demo', '--force'], 'restart', { gracePeriodSeconds: 0 }],
  [['restart', 'demo'], 'restart', {}],
] as const)('%j sends %s with %j', async ([args, verb, body]) => {
  await using daemon = await startDaemon();
  takes(daemon, verb, up, up);
  expect((await runCli(args, daemon)).code).toBe(0);
  const sent = daemon.requests.find(({ method }) => method === 'PUT');
  expect(sent).toMatchObject({ url: command('demo', verb).slice(4), body });
  expect(Object.keys(Object(sent?.body))).toEqual(Object.keys(body));
});

test.for([
  ['pause', 'pause'],
  ['unpause', 'unpause'],
  ['reset', 'reset'],
  ['soft-reboot', 'softreboot'],
] as const)('%s asks the instance', async ([typed, verb]) => {
  await using daemon = await startDaemon();
  daemon.on(onInstance('demo', verb), (response) => void response.writeHead(200).end());
  const { code, stdout } = await runCli([typed, 'demo'], daemon);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `VMI demo was scheduled to ${typed}\n`,
  });
  expect(daemon.requests[0]?.body).toEqual({});
  const dry = await runCli([typed, 'demo', '--dry-run'], daemon);
  expect(dry.stdout).toBe(`Dry run: VMI demo would be scheduled to ${typed}\n`);
  expect(daemon.requests[1]?.body).toEqual({ dryRun: ['All'] });
});

test('a dry run changes nothing and tells what the file would say', async () => {
  await using daemon = await startDaemon();
  takes(daemon, 'start', halted, halted);
  daemon.on(`GET ${INFO}`, answers(hostInfo()));
  const { code, stdout } = await runCli(['start', 'demo', '--dry-run', '--wait'], daemon);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout:
      'Dry run: VM demo would be scheduled to start; its file would say runStrategy: Always\n',
  });
  const sent = daemon.requests.find(({ method }) => method === 'PUT');
  expect(sent?.body).toEqual({ dryRun: ['All'] });
});

test('all VMs are tried; answers come in the order of the arguments', async () => {
  await using daemon = await startDaemon();
  for (const name of ['a', 'c']) {
    const vm = vmObject(name, { status: running('i') });
    takes(daemon, 'stop', vm, vm);
  }
  const held: (() => void)[] = [];
  // The first VM's answer comes last.
  daemon.on(`GET ${VMS}/a`, (response) => {
    if (held.length > 0) return sendJson(response, 200, vmObject('a'));
    held.push(() => sendJson(response, 200, vmObject('a', { status: running('i') })));
  });
  daemon.on(command('c', 'stop'), (response) => {
    response.writeHead(202).end();
    held[0]?.();
  });
  daemon.on(`GET ${VMS}/b`, answers(vmObject('b')));
  daemon.on(command('b', 'stop'), refuses(409, 'VM is not running'));
  expect(await runCli(['stop', 'a', 'b', 'c'], daemon)).toEqual({
    code: 1,
    stdout: 'VM a was scheduled to stop\nVM c was scheduled to stop\n',
    stderr: 'error: b: VM is not running\nNothing to do: it is Stopped.\n',
  });
});

const once = vmObject('demo', { spec: { runStrategy: 'Once' }, status: running('i1') });
const stopping = vmObject('demo', {
  spec: { runStrategy: 'Halted' },
  status: {
    printableStatus: 'Stopping',
    instance: instance('i1', {
      stop: { initiator: 'command', since: ago(1), gracePeriodSeconds: 30, deadline: ago(-29) },
    }),
  },
});
const paused = vmObject('demo', {
  status: { printableStatus: 'Paused', instance: instance('i1') },
});
const invalid = vmObject('demo', { spec: {}, status: { printableStatus: 'Invalid' } });

test.for([
  [
    'start',
    up,
    'VM is already running',
    'Nothing to do. For a new instance: `solovirt restart demo`.',
  ],
  [
    'start',
    paused,
    'VM is already running',
    'It is paused: `solovirt unpause demo` lets it go on.',
  ],
  ['start', invalid, 'VM is invalid', 'Its file has errors: `solovirt describe demo` shows them.'],
  [
    'stop',
    stopping,
    'Halted only supports …',
    'It is stopping already. To hurry: `solovirt stop demo --grace-period 5`, or `--force`.',
  ],
  ['restart', halted, 'Halted does not support …', '`solovirt start demo` starts it.'],
  [
    'restart',
    once,
    'Once does not support …',
    'A Once VM runs a single time. `runStrategy: Manual` in /etc/solovirt/vms/demo.yaml lets it be restarted.',
  ],
] as const)('a refused %s says what to do next (%#)', async ([verb, vm, said, hint]) => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}/demo`, answers(vm));
  daemon.on(command('demo', verb), refuses(409, said));
  expect(await runCli([verb, 'demo'], daemon)).toEqual({
    code: 1,
    stdout: '',
    stderr: `error: demo: ${said}\n${hint}\n`,
  });
});

test.for([
  ['pause', halted, 'It is Stopped: `solovirt start demo --paused` starts it.'],
  ['pause', paused, 'Nothing to do: it is paused.'],
  ['unpause', up, 'Nothing to do: it runs.'],
  ['reset', halted, 'It is Stopped: `solovirt start demo` starts it.'],
  ['soft-reboot', paused, 'It is paused: `solovirt unpause demo` first.'],
] as const)('a refused %s says what to do next (%#)', async ([typed, vm, hint]) => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}/demo`, answers(vm));
  daemon.on(onInstance('demo', typed.replace('-', '')), refuses(409, 'no'));
  const { code, stderr } = await runCli([typed, 'demo'], daemon);
  expect({ code, stderr }).toEqual({ code: 1, stderr: `error: demo: no\n${hint}\n` });
});

test('an unknown VM gets the name that was probably meant, also from another namespace', async () => {
  await using daemon = await startDaemon();
  const known = [up, vmObject('mail', { namespace: 'prod' })];
  daemon.on(`GET ${ALL_VMS}`, answers(listOf(known)));
  expect((await runCli(['start', 'demo1'], daemon)).stderr).toBe(
    'error: there is no VM demo1 in namespace default\nDid you mean demo?\n',
  );
  expect((await runCli(['pause', 'mail'], daemon)).stderr).toContain('Did you mean prod/mail?');
  expect((await runCli(['stop', 'xyz'], daemon)).stderr).toContain('`solovirt list -A` shows');
});
