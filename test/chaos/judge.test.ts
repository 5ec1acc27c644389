/** The observer's own verdicts, on evidence as QEMU leaves it. */
import { expect, test } from 'vitest';
import { type Evidence, judge } from './judge.ts';

const resume = { event: 'RESUME' };
const shutdown = (reason: string) => ({ event: 'SHUTDOWN', data: { reason } });
const intent = (action: string, gracePeriodSeconds = 20, initiator = 'command') => ({
  action,
  initiator,
  gracePeriodSeconds,
});

const CASES: readonly (readonly [string, Partial<Evidence>])[] = [
  ['LaunchFailed', { events: [], exit: 'exited 1' }],
  ['LaunchFailed', { events: [], exit: undefined }],
  ['GuestShutdown', { events: [resume, shutdown('guest-shutdown')], exit: 'exited 0' }],
  [
    'StoppedByCommand',
    {
      events: [resume, { event: 'POWERDOWN' }, shutdown('guest-shutdown')],
      intents: [intent('powerdown')],
    },
  ],
  [
    'StoppedByFile',
    {
      events: [resume, shutdown('guest-shutdown')],
      intents: [intent('powerdown', 20, 'file')],
    },
  ],
  // A soft reboot has the guest shut down and holds QEMU, and then comes a stop.
  [
    'StoppedByCommand',
    {
      events: [resume, shutdown('guest-shutdown'), { event: 'STOP' }, shutdown('host-qmp-quit')],
      intents: [intent('quit', 0)],
    },
  ],
  ['GuestShutdown', { events: [resume, shutdown('guest-shutdown')], intents: [intent('quit', 0)] }],
  [
    'GuestPanicked',
    { events: [resume, { event: 'GUEST_PANICKED' }, shutdown('guest-panic')], exit: 'exited 1' },
  ],
  [
    'WatchdogExpired',
    { events: [resume, { event: 'WATCHDOG', data: { action: 'poweroff' } }], exit: 'exited 0' },
  ],
  ['GuestReboot', { events: [resume, shutdown('guest-reset')], exit: 'exited 0' }],
  [
    'ForcedOff',
    { events: [resume, shutdown('host-qmp-quit')], intents: [intent('quit', 0)], exit: 'exited 0' },
  ],
  [
    'GracePeriodExpired',
    {
      events: [resume],
      intents: [intent('powerdown'), intent('quit'), intent('terminate'), intent('kill')],
      exit: 'signaled 9',
    },
  ],
  ['TerminatedFromOutside', { events: [resume, shutdown('host-signal')], exit: 'exited 0' }],
  ['TerminatedFromOutside', { events: [resume, shutdown('host-qmp-quit')], exit: 'exited 0' }],
  ['KilledFromOutside', { events: [resume], exit: 'signaled 9' }],
  ['KilledFromOutside', { events: [], exit: 'signaled 9' }],
  ['QemuCrashed', { events: [resume], exit: 'signaled 11' }],
  ['QemuExited', { events: [resume], exit: 'exited 1' }],
  ['Unknown', { events: [resume], exit: undefined }],
  // What came before a reset, the guest has survived.
  [
    'KilledFromOutside',
    {
      events: [resume, shutdown('guest-shutdown'), { event: 'RESET' }],
      exit: 'signaled 9',
    },
  ],
];

test.for(CASES)('%s', ([reason, evidence]) => {
  expect(judge({ events: [], intents: [], exit: 'exited 0', ...evidence })).toBe(reason);
});
