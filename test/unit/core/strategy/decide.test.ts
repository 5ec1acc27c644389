import { describe, expect, test } from 'vitest';
import type { RunStrategy } from '../../../../src/core/model/virtual-machine.ts';
import type { Action } from '../../../../src/core/strategy/action.ts';
import { decide } from '../../../../src/core/strategy/decide.ts';
import type { DumpView, InstanceView, Situation } from '../../../../src/core/strategy/situation.ts';
import { instanceSpec, NOW, stopRecord } from '../../../support/build.ts';
import { down, live, RUNNING, seenAs } from './situations.ts';

/** The table of the run-strategy document: what a pass does while no command is pending. */
const STRATEGIES: readonly (readonly [RunStrategy, string, string, string, string])[] = [
  // strategy         never ran   Succeeded    Failed       running
  ['Always', 'start', 'start', 'start', 'wait'],
  ['RerunOnFailure', 'start', 'wait', 'start', 'wait'],
  ['Once', 'start', 'wait', 'wait', 'wait'],
  ['Manual', 'wait', 'wait', 'wait', 'wait'],
  ['Halted', 'wait', 'wait', 'wait', 'begin-stop'],
];

test('a liveness probe that failed ends the instance, whatever its strategy', () => {
  for (const strategy of ['Always', 'RerunOnFailure', 'Once', 'Manual'] as const)
    expect(decide(live(strategy, { livenessFailedAt: NOW }))).toEqual({
      kind: 'begin-stop',
      stop: { initiator: 'supervisor', gracePeriodSeconds: 30, since: NOW },
      reason: 'its liveness probe failed',
    });
});

describe('a guest that has panicked', () => {
  const spec = instanceSpec({ panicDumps: 1 });
  const panicked = (dump?: DumpView): InstanceView => ({
    ...seenAs('guest-panicked'),
    ...(dump === undefined ? {} : { dump }),
  });

  test('has its memory dumped where that is asked for', () => {
    expect(decide(live('Always', { spec }, panicked())).kind).toBe('dump-memory');
    expect(decide(live('Always', {}, panicked())).kind).toBe('wait');
  });

  test('is left alone while that is under way, but not for ever', () => {
    const begun = { kind: 'active', since: NOW } as const;
    const waiting = decide(live('Always', { spec }, panicked(begun)));
    expect(waiting).toMatchObject({ kind: 'wait', until: NOW + 600_000 });
    const late = { kind: 'active', since: NOW - 600_000 } as const;
    expect(decide(live('Always', { spec }, panicked(late))).kind).toBe('begin-stop');
  });

  test('is ended then, and forced off at once', () => {
    const dumped = live('Always', { spec }, panicked({ kind: 'over' }));
    const ending = decide(dumped);
    expect(ending).toMatchObject({ kind: 'begin-stop', stop: { initiator: 'guest' } });
    if (ending.kind !== 'begin-stop') return;
    const stopped = live('Always', { spec, stop: ending.stop }, panicked({ kind: 'over' }));
    expect(decide(stopped)).toMatchObject({
      kind: 'take-rung',
      rung: 'quit',
      gracePeriodSeconds: 0,
    });
  });

  test('is ended without a dump by a stop', () => {
    const stop = stopRecord();
    expect(decide(live('Always', { spec, stop }, panicked()))).toMatchObject({ rung: 'quit' });
  });
});

describe('a QEMU that has told its end', () => {
  const told = (ago: number): InstanceView => ({ ...RUNNING, endTold: NOW - ago });

  test('is asked nothing, and is killed when it does not get there', () => {
    expect(decide(live('Always', {}, told(1)))).toMatchObject({ kind: 'wait', until: NOW + 9999 });
    expect(decide(live('Halted', {}, told(1)))).toMatchObject({ kind: 'wait', until: NOW + 9999 });
    expect(decide(live('Always', {}, told(10_000))).kind).toBe('end-hung');
    const stop = stopRecord({ rung: 'powerdown', rungAt: NOW - 10_000, askedAt: NOW - 10_000 });
    expect(decide(live('Always', { stop }, told(9999))).kind).toBe('wait');
    expect(decide(live('Always', { stop }, told(10_000))).kind).toBe('end-hung');
  });

  test('is killed once, for nothing is stronger', () => {
    const killed = live('Always', { hungEndKilledAt: NOW }, told(60_000));
    expect(decide(killed)).toEqual({
      kind: 'wait',
      reason: 'QEMU hung in its end and was killed',
    });
  });

  test('is forced on by a stop that had forced it', () => {
    const stop = stopRecord({ rung: 'quit', rungAt: NOW - 2000 });
    expect(decide(live('Always', { stop }, told(2000)))).toMatchObject({ rung: 'terminate' });
  });
});

describe('a command that was refused because QEMU did not answer', () => {
  test('is undone once QEMU answers again, before anything else', () => {
    const late = live('Always', { abandoned: 'pause' }, seenAs('paused'));
    expect(decide(late)).toMatchObject({ kind: 'undo-command', verb: 'pause' });
  });

  test('waits for that', () => {
    const silent = { ...seenAs('running'), monitor: false } as InstanceView;
    expect(decide(live('Always', { abandoned: 'pause' }, silent)).kind).toBe('wait');
  });
});

describe('with no command pending', () => {
  test.for(STRATEGIES)('%s: %s / %s / %s / %s', ([strategy, never, succeeded, failed, running]) => {
    expect(decide(down(strategy, 'NeverRan')).kind).toBe(never);
    expect(decide(down(strategy, 'Succeeded')).kind).toBe(succeeded);
    expect(decide(down(strategy, 'Failed')).kind).toBe(failed);
    expect(decide(live(strategy)).kind).toBe(running);
  });

  test('a start waits for the backoff, and no longer', () => {
    const backoff = { unstable: 3, retryAt: NOW + 5000 };
    expect(decide(down('Always', 'Failed', { backoff }))).toMatchObject({
      kind: 'wait',
      until: NOW + 5000,
    });
    const later = { ...down('Always', 'Failed', { backoff }), now: NOW + 5000 };
    expect(decide(later).kind).toBe('start');
  });

  test('a VM that a command stopped is no failure to be repaired', () => {
    expect(decide(down('RerunOnFailure', 'Stopped')).kind).toBe('wait');
  });
});

describe('a queued start', () => {
  const startRequest = { paused: true, at: NOW };

  test.for(['Always', 'RerunOnFailure', 'Once', 'Manual'] as const)(
    'starts a %s VM whatever its last run and its backoff',
    (strategy) => {
      const backoff = { unstable: 9, retryAt: NOW + 300_000 };
      expect(decide(down(strategy, 'Failed', { startRequest, backoff }))).toMatchObject({
        kind: 'start',
        paused: true,
      });
    },
  );

  test('waits behind a stop', () => {
    const stopping = live('Manual', { stop: stopRecord({ rung: 'powerdown', rungAt: NOW }) });
    const situation = { ...stopping, record: { ...stopping.record, startRequest } };
    expect(decide(situation)).toMatchObject({ kind: 'wait', until: NOW + 5000 });
  });
});

describe('a removed document', () => {
  const removed = (situation: Situation): Situation => ({
    ...situation,
    vm: undefined,
    removed: true,
  });

  test('ends the instance first and then the VM', () => {
    expect(decide(removed(live('Always')))).toMatchObject({
      kind: 'begin-stop',
      stop: { initiator: 'file', gracePeriodSeconds: 30, since: NOW },
    });
    expect(decide(removed(down('Always', 'Failed'))).kind).toBe('forget');
  });

  test('beats a queued start', () => {
    const situation = down('Manual', 'NeverRan', { startRequest: { paused: false, at: NOW } });
    expect(decide(removed(situation)).kind).toBe('forget');
  });
});

describe('a document that nobody understands any more', () => {
  const unknown = (situation: Situation): Situation => ({ ...situation, vm: undefined });

  test('is no removal: its guest is left alone, and nothing is forgotten', () => {
    expect(decide(unknown(live('Always'))).kind).toBe('wait');
    expect(decide(unknown(down('Always', 'Failed'))).kind).toBe('wait');
  });
});

describe('an instance', () => {
  test.for<readonly [string, Situation, Partial<Action>]>([
    ['has ended', live('Always', {}, { kind: 'ended' }), { kind: 'conclude' }],
    [
      'has ended in the middle of a stop',
      live('Always', { stop: stopRecord() }, { kind: 'ended' }),
      { kind: 'conclude' },
    ],
    [
      'is over but for its wait status: no rung is taken any more, and none is recorded',
      live('Always', { stop: stopRecord() }, { kind: 'ending' }),
      { kind: 'wait' },
    ],
    [
      'is over but for its wait status: no stop is begun either',
      live('Halted', {}, { kind: 'ending' }),
      { kind: 'wait' },
    ],
    [
      'was recorded and never launched',
      live('Always', { phase: 'Pending' }, { kind: 'unlaunched' }),
      { kind: 'discard' },
    ],
    [
      'is being launched',
      live('Always', { phase: 'Pending' }, { kind: 'launching' }),
      { kind: 'wait' },
    ],
    [
      'is ready to run',
      live('Always', { phase: 'Pending' }, seenAs('prelaunch', false)),
      { kind: 'run-guest' },
    ],
    [
      'was to run, but the daemon died before it said so',
      live('Always', { phase: 'Scheduled' }, seenAs('prelaunch', false)),
      { kind: 'run-guest' },
    ],
    [
      'has begun to run',
      live('Always', { phase: 'Scheduled' }, RUNNING),
      { kind: 'mark-running', paused: false },
    ],
    [
      'is to start paused',
      live('Always', { phase: 'Pending', startPaused: true }, seenAs('prelaunch', false)),
      { kind: 'mark-running', paused: true },
    ],
    [
      'is paused by its user',
      live('Always', { pausedByUser: true }, seenAs('paused')),
      { kind: 'wait' },
    ],
    ['is paused on a disk error', live('Always', {}, seenAs('io-error')), { kind: 'retry-io' }],
    [
      'was resumed after a disk error a moment ago',
      live(
        'Always',
        { ioRetry: { attempts: 1, lastAt: NOW, nextAt: NOW + 10_000 } },
        seenAs('io-error'),
      ),
      { kind: 'wait', until: NOW + 10_000 },
    ],
    [
      'is paused on a disk error and by its user',
      live('Always', { pausedByUser: true }, seenAs('io-error')),
      { kind: 'wait' },
    ],
    [
      'has shut down for a soft reboot',
      live('Always', { softReboot: { at: NOW, deadline: NOW + 1 } }, seenAs('shutdown')),
      { kind: 'finish-soft-reboot' },
    ],
    [
      'is to reboot softly, but the daemon died before it asked',
      live('Always', { softReboot: { at: NOW, deadline: NOW + 1 } }),
      { kind: 'ask-soft-reboot' },
    ],
    [
      'was asked to reboot softly',
      live('Always', { softReboot: { at: NOW, deadline: NOW + 1, askedAt: NOW } }),
      { kind: 'wait', until: NOW + 1 },
    ],
    [
      'was started again for a soft reboot, but the daemon died before it said so',
      live('Always', { softReboot: { at: NOW, deadline: NOW, askedAt: NOW, waking: true } }),
      { kind: 'finish-soft-reboot' },
    ],
    [
      'has shut down just when a soft reboot was given up',
      live('Always', {}, seenAs('shutdown')),
      { kind: 'finish-soft-reboot' },
    ],
    [
      'has just been reset: its firmware may reset it once more',
      live('Always', { resetAt: NOW - 1999 }),
      { kind: 'wait', until: NOW + 1 },
    ],
    ['was reset a while ago', live('Always', { resetAt: NOW - 2000 }), { kind: 'finish-reset' }],
    [
      'ignores a soft reboot',
      live('Always', { softReboot: { at: NOW - 9, deadline: NOW } }),
      { kind: 'give-up-soft-reboot' },
    ],
    [
      'is to be stopped',
      live('Always', { stop: stopRecord() }),
      { kind: 'take-rung', rung: 'powerdown', gracePeriodSeconds: 30 },
    ],
    [
      'is to be stopped while QEMU starts',
      live('Always', { stop: stopRecord() }, { kind: 'launching' }),
      { kind: 'wait' },
    ],
    [
      'is to be stopped before guest code ran: it could not use a grace period',
      live('Always', { stop: stopRecord() }, seenAs('prelaunch', false)),
      { kind: 'take-rung', rung: 'quit', gracePeriodSeconds: 0 },
    ],
    [
      'is to be stopped and has no ACPI',
      live('Always', { stop: stopRecord(), acpi: false }),
      { kind: 'take-rung', rung: 'quit', gracePeriodSeconds: 0 },
    ],
    [
      'is to be stopped while paused',
      live('Always', { stop: stopRecord() }, seenAs('paused')),
      { kind: 'take-rung', rung: 'powerdown' },
    ],
  ])('that %s', ([, situation, expected]) => {
    expect(decide(situation)).toMatchObject(expected);
  });
});
