import { expect, test } from 'vitest';
import type { VmObject } from '../../../src/api/contract.ts';
import { lastEndWords, ranFor, verdictWords } from '../../../src/cli/format/verdict-words.ts';
import {
  ageCell,
  declaredStrategy,
  lastEndCell,
  statusReason,
} from '../../../src/cli/format/vm-words.ts';
import type { Problem } from '../../../src/core/model/problem.ts';
import type { VerdictReason } from '../../../src/core/model/verdict.ts';
import { ago, instance, NOW, PROBLEM, run, running, vmObject } from './objects.ts';

const WORDS: Readonly<Record<VerdictReason, string>> = {
  HostLost: 'lost with its host 2s ago',
  HostShutdown: 'stopped with its host 2s ago',
  LaunchFailed: 'failed to launch 2s ago',
  LivenessProbeFailed: 'liveness probe failed 2s ago',
  GuestPanicked: 'panicked 2s ago',
  WatchdogExpired: 'watchdog expired 2s ago',
  GuestShutdown: 'guest shut down 2s ago',
  StoppedByCommand: 'guest shut down on command 2s ago',
  StoppedByFile: 'guest shut down as its file asked 2s ago',
  GuestReboot: 'guest rebooted 2s ago',
  ForcedOff: 'forced off 2s ago',
  GracePeriodExpired: 'ended by force after its grace period 2s ago',
  OutOfMemory: 'killed, out of memory 2s ago',
  TerminatedFromOutside: 'terminated from outside 2s ago',
  KilledFromOutside: 'killed from outside (SIGKILL) 2s ago',
  SandboxViolation: 'QEMU broke its sandbox (SIGSYS) 2s ago',
  QemuCrashed: 'QEMU crashed 2s ago',
  QemuExited: 'QEMU exited by itself 2s ago',
  Unknown: 'ended, cause unknown 2s ago',
};

test.for(Object.entries(WORDS))('%s reads: %s', ([reason, words]) => {
  expect(lastEndWords(run('r1', reason as VerdictReason), NOW)).toBe(words);
});

test('a reason of a newer daemon is shown as it is', () => {
  const { verdict } = run('r1', 'Unknown');
  const newer = { ...verdict, reason: 'toString' as VerdictReason };
  expect(verdictWords(newer)).toBe('toString');
});

test('how long a run was up does not count its start', () => {
  expect(ranFor(run('r1', 'GuestShutdown'))).toBe('58s');
  const { runningAt: _, ...neverUp } = run('r1', 'LaunchFailed');
  expect(ranFor(neverUp)).toBe('never ran');
});

test.for([
  [{ runStrategy: 'Once' }, { field: 'runStrategy', written: 'Once', strategy: 'Once' }],
  [{ running: true }, { field: 'running', written: 'true', strategy: 'Always' }],
  [{ running: false }, { field: 'running', written: 'false', strategy: 'Halted' }],
  [{}, undefined],
  [{ runStrategy: 7 }, undefined],
] as const)('the spec %j declares %j', ([spec, declared]) => {
  expect(declaredStrategy(vmObject('demo', { spec }))).toEqual(declared);
});

test('the age is the uptime while the VM runs', () => {
  expect(ageCell(vmObject('demo'), NOW)).toBe('60m');
  expect(ageCell(vmObject('demo', { status: running('i1') }), NOW)).toBe('5m');
});

const crashing = vmObject('demo', {
  status: {
    printableStatus: 'CrashLoopBackOff',
    runHistory: [run('r1', 'GuestPanicked')],
    startFailure: { consecutiveFailCount: 2, retryAfterTimestamp: ago(-42) },
  },
});

test('the last end shows the next try of a crash loop and the first problem of an invalid file', () => {
  expect(lastEndCell(crashing, NOW)).toBe('panicked 2s ago, next try in 42s');
  const warning: Problem = { ...PROBLEM, severity: 'warning', line: 1 };
  const invalid = vmObject('demo', {
    status: { printableStatus: 'Invalid', problems: [warning, PROBLEM] },
  });
  expect(lastEndCell(invalid, NOW)).toBe(
    'demo.yaml:3:5: spec.runStratgy: unknown field; did you mean runStrategy?',
  );
  expect(lastEndCell(vmObject('demo'), NOW)).toBe('-');
});

const stopping = instance('i1', {
  stop: {
    initiator: 'command',
    since: ago(3),
    gracePeriodSeconds: 30,
    deadline: ago(-27),
    rung: 'powerdown',
  },
});

const REASONS: readonly (readonly [string, VmObject, string])[] = [
  ['running', vmObject('demo', { status: running('i1') }), 'for 5m'],
  [
    'starting',
    vmObject('demo', {
      status: { printableStatus: 'Starting', instance: instance('i1', { phase: 'Scheduling' }) },
    }),
    'phase Scheduling',
  ],
  [
    'paused',
    vmObject('demo', {
      status: {
        printableStatus: 'Paused',
        conditions: [
          {
            type: 'Paused',
            status: 'True',
            reason: 'PausedByUser',
            message: 'a user paused it',
            lastTransitionTime: null,
          },
        ],
      },
    }),
    'a user paused it',
  ],
  [
    'stopping',
    vmObject('demo', { status: { printableStatus: 'Stopping', instance: stopping } }),
    'forced off in 27s',
  ],
  [
    'terminating',
    vmObject('demo', { status: { printableStatus: 'Terminating', instance: stopping } }),
    'its file was removed; forced off in 27s',
  ],
  ['crash loop', crashing, 'panicked 2s ago, next try in 42s'],
  [
    'stopped by strategy',
    vmObject('demo', {
      spec: { runStrategy: 'RerunOnFailure' },
      status: { runHistory: [run('r1', 'GuestShutdown')] },
    }),
    'guest shut down 2s ago; RerunOnFailure starts it again only after failures',
  ],
  [
    'never started',
    vmObject('demo', { spec: { runStrategy: 'Manual' } }),
    'never ran; Manual waits for a start command',
  ],
];

test.for(REASONS)('the reason of a status: %s', ([, vm, reason]) => {
  expect(statusReason(vm, NOW)).toBe(reason);
});

test.for<readonly [string, Partial<VmObject['status']>, string, string]>([
  [
    'a start that waits for other VMs',
    { printableStatus: 'Starting', held: { by: 'start-after', message: 'waiting for db to run' } },
    'waiting for db to run',
    'waiting for db to run',
  ],
  [
    'a start that waits for its time',
    {
      printableStatus: 'Starting',
      held: { by: 'start-delay', message: 'its start-delay is not over', until: ago(-12) },
      runHistory: [run('r1', 'GuestShutdown')],
    },
    'starts in 12s',
    'guest shut down 2s ago, starts in 12s',
  ],
  [
    'a VM that is not started while draining',
    { held: { by: 'draining', message: 'draining: nothing is started' } },
    'never ran; draining: nothing is started',
    'draining: nothing is started',
  ],
  [
    'a guest that waits for its turn to be stopped',
    {
      ...running('i1'),
      held: { by: 'stop-order', message: 'draining: waiting for web to be down' },
    },
    'for 5m; draining: waiting for web to be down',
    'draining: waiting for web to be down',
  ],
])('%s says what it waits for', ([, status, reason, cell]) => {
  const vm = vmObject('demo', { status });
  expect(statusReason(vm, NOW)).toBe(reason);
  expect(lastEndCell(vm, NOW)).toBe(cell);
});
