/** What draining and the order of starts make of decisions. */
import { describe, expect, test } from 'vitest';
import { RUN_STRATEGIES } from '../../../../src/core/model/virtual-machine.ts';
import { decide } from '../../../../src/core/strategy/decide.ts';
import type { Situation } from '../../../../src/core/strategy/situation.ts';
import { NOW, stopRecord } from '../../../support/build.ts';
import { down, live, seenAs } from './situations.ts';

describe('while draining', () => {
  const draining = (situation: Situation, ...dependents: readonly string[]): Situation => ({
    ...situation,
    draining: { dependents },
  });
  const startRequest = { paused: false, at: NOW };

  test.for(RUN_STRATEGIES)(
    'a %s VM that is down is not started, not even one that is queued',
    (s) => {
      for (const lastRun of ['NeverRan', 'Succeeded', 'Failed', 'Stopped'] as const) {
        expect(decide(draining(down(s, lastRun))).kind).toBe('wait');
        expect(decide(draining(down(s, lastRun, { startRequest })))).toMatchObject({
          kind: 'wait',
          held: 'draining',
        });
      }
    },
  );

  test('a VM that its strategy leaves down anyway is not said to wait', () => {
    expect(decide(draining(down('Manual', 'NeverRan')))).not.toHaveProperty('held');
  });

  test.for<readonly [string, Situation, object]>([
    [
      'runs is stopped as the host does it, within its own grace period',
      live('Manual', { gracePeriodSeconds: 7 }),
      { kind: 'begin-stop', stop: { initiator: 'host', gracePeriodSeconds: 7, since: NOW } },
    ],
    [
      'is paused is stopped likewise',
      live('Always', { pausedByUser: true }, seenAs('paused')),
      { kind: 'begin-stop', stop: { initiator: 'host' } },
    ],
    [
      'is just starting is stopped before its guest runs',
      live('Always', { phase: 'Pending' }, seenAs('prelaunch', false)),
      { kind: 'begin-stop', stop: { initiator: 'host' } },
    ],
    [
      'is being launched is stopped once QEMU is there',
      live('Always', { phase: 'Pending' }, { kind: 'launching' }),
      { kind: 'begin-stop', stop: { initiator: 'host' } },
    ],
    [
      'is stopped by a command goes on with that',
      live('Always', { stop: stopRecord() }),
      { kind: 'take-rung', rung: 'powerdown' },
    ],
    [
      'its file halts is stopped by the file',
      live('Halted'),
      { kind: 'begin-stop', stop: { initiator: 'file' } },
    ],
    ['has ended is judged', live('Always', {}, { kind: 'ended' }), { kind: 'conclude' }],
  ])('an instance that %s', ([, situation, expected]) => {
    expect(decide(draining(situation))).toMatchObject(expected);
  });

  test('a guest is stopped only when those that depend on it are down', () => {
    expect(decide(draining(live('Always'), 'web', 'shop'))).toEqual({
      kind: 'wait',
      reason: 'draining: waiting for web and shop to be down',
      held: 'stop-order',
    });
    expect(decide(draining(live('Always'))).kind).toBe('begin-stop');
  });

  test('nobody depends on a guest that does not run yet', () => {
    const starting = live('Always', { phase: 'Scheduled' }, seenAs('prelaunch', false));
    expect(decide(draining(starting, 'web')).kind).toBe('begin-stop');
  });

  test('what has to be done for a guest that waits for its turn is done', () => {
    const reset = live('Always', { resetAt: NOW - 2000 });
    expect(decide(draining(reset, 'web')).kind).toBe('finish-reset');
    const settling = live('Always', { resetAt: NOW - 1999 });
    expect(decide(draining(settling, 'web'))).toMatchObject({ kind: 'wait', until: NOW + 1 });
  });

  test('a VM whose document is gone is forgotten', () => {
    const gone = { ...down('Always', 'Failed'), vm: undefined, removed: true };
    expect(decide(draining(gone)).kind).toBe('forget');
  });
});

describe('a start that waits for other VMs', () => {
  const startOrder = {
    after: [{ name: 'db', prospect: { kind: 'coming', to: 'run' } }],
    delayMs: 0,
    bootAt: 0,
  } as const;
  const ordered = (situation: Situation): Situation => ({ ...situation, startOrder });

  test('is held up when the run strategy asks for it', () => {
    expect(decide(ordered(down('Always', 'NeverRan')))).toEqual({
      kind: 'wait',
      reason: 'waiting for db to run',
      held: 'start-after',
    });
  });

  test('is not held up when a command asks for it', () => {
    const startRequest = { paused: false, at: NOW };
    for (const strategy of RUN_STRATEGIES.filter((s) => s !== 'Halted'))
      expect(decide(ordered(down(strategy, 'NeverRan', { startRequest }))).kind).toBe('start');
  });

  test('waits for its backoff first', () => {
    const backoff = { unstable: 3, retryAt: NOW + 5000 };
    const action = decide(ordered(down('Always', 'Failed', { backoff })));
    expect(action).toMatchObject({ kind: 'wait', until: NOW + 5000 });
    expect(action).not.toHaveProperty('held');
  });

  test('is no start where the strategy leaves the VM down', () => {
    expect(decide(ordered(down('Manual', 'NeverRan')))).not.toHaveProperty('held');
  });
});
