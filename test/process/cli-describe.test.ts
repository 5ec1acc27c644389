import { expect, test } from 'vitest';
import {
  ago,
  demo,
  eventObject,
  instance,
  listOf,
  PROBLEM,
  run,
  vmObject,
  web,
} from '../unit/cli/objects.ts';
import { ALL_VMS, answers, EVENTS, runCli, startDaemon, VMS } from './cli-harness.ts';

test('describe tells state, instance, stop, problems, conditions, runs and events', async () => {
  await using daemon = await startDaemon();
  const vm = vmObject('demo', {
    spec: { running: true },
    status: {
      printableStatus: 'Stopping',
      runStrategy: 'Always',
      problems: [PROBLEM],
      conditions: [
        {
          type: 'RestartRequired',
          status: 'True',
          message: 'differs: spec.template.spec.domain.cpu.cores',
          lastTransitionTime: null,
        },
      ],
      instance: instance('i1', {
        stop: {
          initiator: 'command',
          since: ago(3),
          gracePeriodSeconds: 30,
          deadline: ago(-27),
          rung: 'powerdown',
        },
      }),
      runHistory: [run('r1', 'GuestShutdown')],
    },
  });
  daemon.on(`GET ${VMS}/demo`, answers(vm));
  const other = eventObject('e2', {
    message: 'not ours',
    involvedObject: { ...eventObject('e2').involvedObject, name: 'web' },
  });
  daemon.on(`GET ${EVENTS}`, answers(listOf([other, eventObject('e1', { count: 3 })])));
  const { code, stdout } = await runCli(['describe', 'demo'], daemon);
  expect(code).toBe(0);
  expect(stdout).toBe(`Name:        demo
Status:      Stopping (forced off in 27s)
Next step:   correct /etc/solovirt/vms/demo.yaml:3:5 and save it (see Problems)
Namespace:   default
Strategy:    Always (running: true)
File:        /etc/solovirt/vms/demo.yaml
Known since: 2026-11-22T11:00:00Z (60m ago)

Problems:
  /etc/solovirt/vms/demo.yaml:3:5: spec.runStratgy: unknown field; did you mean runStrategy?
  The last valid version of the file stays in force.

Stop in progress:
  Asked for by: command, 2026-11-22T11:59:57Z (3s ago)
  Rung:         powerdown (the guest was asked to shut down (ACPI power button))
  By force:     in 27s (grace period 30 s)

Instance:
  UID:           i1
  PID:           4711
  Phase:         Running
  Run state:     running
  Started:       2026-11-22T11:54:59Z (5m1s ago)
  Running since: 2026-11-22T11:55:00Z (5m ago)
  Guest resets:  0

Last runs:
  ENDED                           RAN FOR   OUTCOME     REASON          BY      MESSAGE
  2026-11-22T11:59:58Z (2s ago)   58s       Succeeded   GuestShutdown   guest   The end was GuestShutdown.

Conditions:
  TYPE              STATUS   REASON   MESSAGE
  RestartRequired   True     -        differs: spec.template.spec.domain.cpu.cores

Events:
  TIME                   TYPE     REASON    OBJECT                MESSAGE
  2026-11-22T11:59:50Z   Normal   Started   virtualmachine/demo   The guest runs. (x3)
`);
});

test('describe of a failed VM shows the evidence and the next start', async () => {
  await using daemon = await startDaemon();
  const failed = run('r9', 'GuestPanicked');
  const vm = vmObject('loop', {
    status: {
      printableStatus: 'CrashLoopBackOff',
      runHistory: [failed],
      startFailure: { consecutiveFailCount: 3, retryAfterTimestamp: ago(-42) },
    },
  });
  const evidence = {
    exit: { kind: 'signaled', signal: 9 },
    events: [
      { event: 'RESUME', data: {}, at: Date.parse(ago(60)) },
      {
        event: 'SHUTDOWN',
        data: { guest: true, reason: 'guest-panic' },
        at: Date.parse(ago(2)),
      },
    ],
    intents: [{ action: 'kill', initiator: 'command', gracePeriodSeconds: 0, at: 1 }],
    stderrTail: 'qemu: warning\n',
    consoleTail: '\u001b[31mKernel panic - not syncing\u001b[0m\r\n',
  };
  daemon.on(`GET ${VMS}/loop`, answers(vm));
  daemon.on(`GET ${EVENTS}`, answers(listOf([])));
  const runs = { kind: 'RunList', apiVersion: 'solovirt.io/v1', items: [{ ...failed, evidence }] };
  daemon.on(`GET ${VMS}/loop/runs`, answers(runs));
  const { stdout } = await runCli(['describe', 'loop'], daemon);
  expect(stdout).toContain('Status:      CrashLoopBackOff (panicked 2s ago, next try in 42s)\n');
  expect(stdout.split('\n')[2]).toBe(
    'Next step:   read what it said last: below, or `solovirt logs loop`; `solovirt start loop` tries at once',
  );
  expect(stdout).toContain(`Next start:
  Next try:    in 42s (\`solovirt start\` tries at once)
  Because:     3 unstable ends in a row
`);
  expect(stdout).toContain(`Last failure:
  Run:         r9
  Verdict:     GuestPanicked: The end was GuestPanicked.
  Exit:        killed by SIGKILL
  QEMU event:  SHUTDOWN guest=true reason=guest-panic at 2026-11-22T11:59:58Z
  We did:      kill (command)
  What QEMU said:
    qemu: warning
  Console:
    Kernel panic - not syncing
`);
});

test('describe as data is the object; of several VMs it is a list', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}/demo`, answers(demo));
  daemon.on(`GET ${VMS}/web`, answers(web));
  const one = await runCli(['describe', 'demo', '-o', 'json'], daemon);
  expect(JSON.parse(one.stdout)).toEqual(demo);
  const two = await runCli(['describe', 'demo', 'web', '-o', 'json'], daemon);
  expect(JSON.parse(two.stdout)).toMatchObject({ kind: 'List', items: [demo, web] });
});

test('describe of several VMs shows those it can, and fails for the unknown one', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${VMS}/demo`, answers(demo));
  daemon.on(`GET ${ALL_VMS}`, answers(listOf([demo])));
  const { code, stdout, stderr } = await runCli(['describe', 'demmo', 'demo'], daemon);
  expect(code).toBe(1);
  expect(stdout).toContain('Name:        demo\n');
  expect(stderr).toBe('error: there is no VM demmo in namespace default\nDid you mean demo?\n');
});
