import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../../../src/core/model/evidence.ts';
import type { VerdictReason } from '../../../../src/core/model/verdict.ts';
import { verdict } from '../../../../src/core/verdict/verdict.ts';
import { VERDICT_TABLE } from '../../../../src/core/verdict/verdict-table.ts';
import {
  evidence,
  exited,
  intent,
  qmpEvent,
  RESUME,
  shutdown,
  signaled,
} from '../../../support/build.ts';

type Row = readonly [
  ending: string,
  outcome: 'Succeeded' | 'Failed',
  reason: VerdictReason,
  initiator: string,
  facts: Partial<Evidence>,
];

const PANIC = qmpEvent('GUEST_PANICKED', { action: 'poweroff' });
const RESET = qmpEvent('RESET', { guest: true, reason: 'guest-reset' });
const watchdog = (action: string) => qmpEvent('WATCHDOG', { action });

/** What each ending leaves behind, as measured on QEMU 7.2. */
const ROWS: readonly Row[] = [
  ['power loss', 'Failed', 'HostLost', 'host', { sameBoot: false }],
  [
    'power-off just before the host rebooted',
    'Succeeded',
    'GuestShutdown',
    'guest',
    { sameBoot: false, events: [RESUME, shutdown('guest-shutdown')] },
  ],
  [
    'SIGKILL just before the host rebooted',
    'Failed',
    'KilledFromOutside',
    'outside',
    { sameBoot: false, exit: signaled(9) },
  ],
  [
    'host shutdown, guest obeyed',
    'Failed',
    'HostShutdown',
    'host',
    {
      intents: [intent('host-shutdown'), intent('powerdown')],
      events: [RESUME, shutdown('guest-shutdown')],
      exit: exited(0),
    },
  ],
  [
    'bad option',
    'Failed',
    'LaunchFailed',
    'supervisor',
    { events: [], exit: exited(1), stderrTail: 'qemu: bad option' },
  ],
  [
    'missing image',
    'Failed',
    'LaunchFailed',
    'supervisor',
    { events: [], launchError: 'no image' },
  ],
  [
    'liveness probe',
    'Failed',
    'LivenessProbeFailed',
    'supervisor',
    {
      intents: [intent('liveness-probe-failed'), intent('powerdown')],
      events: [RESUME, shutdown('guest-shutdown')],
    },
  ],
  [
    'panic under panic=exit-failure',
    'Failed',
    'GuestPanicked',
    'guest',
    { events: [RESUME, PANIC, shutdown('guest-panic')], exit: exited(1) },
  ],
  [
    'panic under panic=pause, ended once its memory was dumped',
    'Failed',
    'GuestPanicked',
    'guest',
    {
      intents: [intent('quit', { initiator: 'guest', gracePeriodSeconds: 0 })],
      events: [RESUME, PANIC, shutdown('host-qmp-quit')],
      exit: exited(0),
    },
  ],
  [
    'panic that ends in a reset under rebootPolicy Terminate',
    'Failed',
    'GuestPanicked',
    'guest',
    { events: [RESUME, PANIC, shutdown('guest-reset')], exit: exited(0) },
  ],
  [
    'watchdog poweroff, without any SHUTDOWN',
    'Failed',
    'WatchdogExpired',
    'guest',
    { events: [RESUME, watchdog('poweroff')], exit: exited(0) },
  ],
  [
    'watchdog reset under rebootPolicy Terminate',
    'Failed',
    'WatchdogExpired',
    'guest',
    { events: [RESUME, watchdog('reset'), shutdown('guest-reset')], exit: exited(0) },
  ],
  [
    'watchdog shutdown that the guest obeys',
    'Failed',
    'WatchdogExpired',
    'guest',
    { events: [RESUME, watchdog('shutdown'), shutdown('guest-shutdown')], exit: exited(0) },
  ],
  [
    'watchdog reset long before a clean shutdown',
    'Succeeded',
    'GuestShutdown',
    'guest',
    { events: [RESUME, watchdog('reset'), RESET, shutdown('guest-shutdown')], exit: exited(0) },
  ],
  [
    'guest power-off',
    'Succeeded',
    'GuestShutdown',
    'guest',
    { events: [RESUME, shutdown('guest-shutdown')], exit: exited(0) },
  ],
  [
    'guest power-off, its parent killed too',
    'Succeeded',
    'GuestShutdown',
    'guest',
    { events: [RESUME, shutdown('guest-shutdown')] },
  ],
  [
    'killed in teardown after a power-off',
    'Succeeded',
    'GuestShutdown',
    'guest',
    { events: [RESUME, shutdown('guest-shutdown')], exit: signaled(9) },
  ],
  [
    'crashed in teardown after a power-off',
    'Failed',
    'QemuCrashed',
    'host',
    { events: [RESUME, shutdown('guest-shutdown')], exit: signaled(11) },
  ],
  [
    'stop command, guest obeyed',
    'Succeeded',
    'StoppedByCommand',
    'command',
    {
      intents: [intent('agent-shutdown'), intent('powerdown')],
      events: [RESUME, shutdown('guest-shutdown')],
      exit: exited(0),
    },
  ],
  [
    'file edited to Halted, guest obeyed',
    'Succeeded',
    'StoppedByFile',
    'file',
    {
      intents: [intent('powerdown', { initiator: 'file' })],
      events: [RESUME, shutdown('guest-shutdown')],
      exit: exited(0),
    },
  ],
  [
    'guest obeyed at the last moment, our quit came too late',
    'Succeeded',
    'StoppedByCommand',
    'command',
    {
      intents: [intent('powerdown'), intent('quit')],
      events: [RESUME, shutdown('guest-shutdown')],
      exit: exited(0),
    },
  ],
  [
    'stop command while a soft reboot had the guest shut down already: only QEMU was left to be told',
    'Succeeded',
    'StoppedByCommand',
    'command',
    {
      intents: [intent('quit', { gracePeriodSeconds: 0 })],
      events: [RESUME, shutdown('guest-shutdown'), qmpEvent('STOP'), shutdown('host-qmp-quit')],
      exit: exited(0),
    },
  ],
  [
    'a guest that has shut itself down when the quit of a command comes',
    'Succeeded',
    'GuestShutdown',
    'guest',
    {
      intents: [intent('quit', { gracePeriodSeconds: 0 })],
      events: [RESUME, shutdown('guest-shutdown')],
      exit: exited(0),
    },
  ],
  [
    'a soft reboot before a clean shutdown',
    'Succeeded',
    'GuestShutdown',
    'guest',
    {
      events: [
        RESUME,
        shutdown('guest-shutdown'),
        qmpEvent('STOP'),
        qmpEvent('RESET', { guest: false, reason: 'host-qmp-system-reset' }),
        RESUME,
        shutdown('guest-shutdown'),
      ],
      exit: exited(0),
    },
  ],
  [
    'a guest held in shutdown, then told to quit: the first SHUTDOWN counts',
    'Succeeded',
    'GuestShutdown',
    'guest',
    {
      events: [RESUME, shutdown('guest-shutdown'), qmpEvent('STOP'), shutdown('host-qmp-quit')],
      exit: exited(0),
    },
  ],
  [
    'reboot under rebootPolicy Terminate',
    'Succeeded',
    'GuestReboot',
    'guest',
    { events: [RESUME, shutdown('guest-reset')], exit: exited(0) },
  ],
  [
    'quit at once, no grace period',
    'Succeeded',
    'ForcedOff',
    'command',
    {
      intents: [intent('quit', { gracePeriodSeconds: 0 })],
      events: [RESUME, shutdown('host-qmp-quit')],
      exit: exited(0),
    },
  ],
  [
    'killed by us, nobody was its parent any more',
    'Succeeded',
    'ForcedOff',
    'command',
    { intents: [intent('kill', { gracePeriodSeconds: 0 })] },
  ],
  [
    'grace period expired',
    'Failed',
    'GracePeriodExpired',
    'command',
    {
      intents: [intent('powerdown'), intent('quit')],
      events: [RESUME, shutdown('host-qmp-quit')],
      exit: exited(0),
    },
  ],
  [
    'grace period expired, killed at last',
    'Failed',
    'GracePeriodExpired',
    'file',
    {
      intents: [intent('powerdown'), intent('kill', { initiator: 'file' })],
      exit: signaled(9),
    },
  ],
  ['out of memory', 'Failed', 'OutOfMemory', 'host', { exit: signaled(9), oomProof: 'kernel log' }],
  [
    'SIGTERM from a stranger',
    'Failed',
    'TerminatedFromOutside',
    'outside',
    { events: [RESUME, shutdown('host-signal')], exit: exited(0) },
  ],
  [
    'quit over another monitor',
    'Failed',
    'TerminatedFromOutside',
    'outside',
    { events: [RESUME, shutdown('host-qmp-quit')], exit: exited(0) },
  ],
  [
    'SIGTERM before QEMU had its handlers',
    'Failed',
    'TerminatedFromOutside',
    'outside',
    { events: [], exit: signaled(15) },
  ],
  ['SIGKILL from a stranger', 'Failed', 'KilledFromOutside', 'outside', { exit: signaled(9) }],
  [
    'SIGKILL from a stranger while paused at the start',
    'Failed',
    'KilledFromOutside',
    'outside',
    { events: [], exit: signaled(9) },
  ],
  [
    'our SIGTERM before QEMU had its handlers',
    'Succeeded',
    'ForcedOff',
    'command',
    {
      intents: [intent('terminate', { gracePeriodSeconds: 0 })],
      events: [],
      exit: signaled(15),
    },
  ],
  [
    'panic on the way down, after a stop command',
    'Failed',
    'GuestPanicked',
    'guest',
    {
      intents: [intent('powerdown')],
      events: [RESUME, qmpEvent('POWERDOWN'), PANIC, shutdown('guest-panic')],
      exit: exited(1),
    },
  ],
  [
    'crash of QEMU while we waited for the guest',
    'Failed',
    'QemuCrashed',
    'host',
    { intents: [intent('powerdown')], exit: signaled(11) },
  ],
  [
    'SIGKILL from a stranger while we waited for the guest',
    'Failed',
    'KilledFromOutside',
    'outside',
    { intents: [intent('powerdown')], exit: signaled(9) },
  ],
  ['seccomp', 'Failed', 'SandboxViolation', 'host', { exit: signaled(31) }],
  ['segmentation fault', 'Failed', 'QemuCrashed', 'host', { exit: signaled(11) }],
  [
    'abort before the guest ran',
    'Failed',
    'QemuCrashed',
    'host',
    { events: [], exit: signaled(6) },
  ],
  ['isa-debug-exit', 'Failed', 'QemuExited', 'host', { exit: exited(3) }],
  [
    'isa-debug-exit of a QEMU that journals it as a power-off',
    'Failed',
    'QemuExited',
    'host',
    { events: [RESUME, shutdown('guest-shutdown')], exit: exited(3) },
  ],
  ['exit 0 without an event', 'Failed', 'QemuExited', 'host', { exit: exited(0) }],
  ['everything lost', 'Failed', 'Unknown', 'outside', {}],
  ['not even a process file', 'Failed', 'Unknown', 'outside', { events: [] }],
];

describe('the verdict on an ended instance', () => {
  test.for(ROWS)('%s: %s, %s', ([, outcome, reason, initiator, facts]) => {
    expect(verdict(evidence(facts))).toMatchObject({ outcome, reason, initiator });
  });

  test('there is none while QEMU lives, whatever the journal says', () => {
    expect(
      verdict(evidence({ alive: true, events: [shutdown('guest-shutdown')] })),
    ).toBeUndefined();
  });

  test('every row of the table is reached by an ending above', () => {
    const reached = new Set(ROWS.map(([, , reason]) => reason));
    expect(VERDICT_TABLE.map((row) => row.reason).filter((r) => !reached.has(r))).toEqual([]);
  });

  test('a failed launch repeats the words of QEMU', () => {
    const stderrTail =
      '2026-01-02T03:04:05.678901Z qemu-system-x86_64: Failed to get "write" lock\nIs another process using the image?';
    const judged = verdict(evidence({ events: [], exit: exited(1), stderrTail }));
    expect(judged?.message).toContain(
      'qemu-system-x86_64: Failed to get "write" lock Is another process using the image?',
    );
  });

  test.for([
    ['GuestPanicked', shutdown('guest-panic')],
    ['GuestReboot', shutdown('guest-reset')],
  ] as const)('%s quotes the panic on the console, without the time of its kernel', ([, end]) => {
    const consoleTail = 'up\n[    2.188638] Kernel panic - not syncing: VFS\n[    2.2] Call Trace:';
    const judged = verdict(evidence({ events: [RESUME, end], exit: exited(0), consoleTail }));
    expect(judged?.message).toContain(': "Kernel panic - not syncing: VFS"');
  });

  test('an end from outside names who QEMU named', () => {
    const stderrTail = 'qemu: terminating on signal 15 from pid 4711 (/usr/bin/kill)';
    const judged = verdict(evidence({ events: [RESUME, shutdown('host-signal')], stderrTail }));
    expect(judged?.message).toContain('pid 4711 (/usr/bin/kill)');
  });

  test('success is never guessed: it takes a SHUTDOWN of the guest or an end of our own', () => {
    const anyEvent = fc.constantFrom(
      RESUME,
      RESET,
      PANIC,
      watchdog('reset'),
      watchdog('poweroff'),
      shutdown('host-signal'),
      shutdown('host-qmp-quit'),
      shutdown('guest-panic'),
      qmpEvent('STOP'),
    );
    const anyExit = fc.oneof(
      fc.constant(undefined),
      fc.nat(255).map(exited),
      fc.integer({ min: 1, max: 64 }).map(signaled),
    );
    fc.assert(
      fc.property(fc.array(anyEvent), anyExit, fc.option(fc.boolean()), (events, exit, boot) => {
        const judged = verdict(
          evidence({
            events,
            ...(exit === undefined ? {} : { exit }),
            ...(boot === null ? {} : { sameBoot: boot }),
          }),
        );
        expect(judged?.outcome).toBe('Failed');
      }),
    );
  });
});
