import { describe, expect, test } from 'vitest';
import type { LastRun, VmRecord } from '../../../../src/core/model/record.ts';
import type { Verdict } from '../../../../src/core/model/verdict.ts';
import type { RunStrategy } from '../../../../src/core/model/virtual-machine.ts';
import { DEFAULT_BACKOFF } from '../../../../src/core/strategy/backoff.ts';
import { decide } from '../../../../src/core/strategy/decide.ts';
import {
  commanded,
  concluded,
  discarded,
  edited,
  registered,
  rungTaken,
  strategyChanged,
  writeConfirmed,
  writeDropped,
} from '../../../../src/core/strategy/transitions.ts';
import {
  instanceRecord,
  NOW,
  stopRecord,
  virtualMachine,
  vmRecord,
} from '../../../support/build.ts';

const SOURCE = { path: '/vms/web.yaml', index: 0, text: 'old' };

/** KubeVirt's table: what an edit of the strategy does, by what is there. */
const EDITS: readonly (readonly [
  to: RunStrategy,
  absent: string,
  succeeded: string,
  failed: string,
])[] = [
  ['Always', 'start', 'start', 'start'],
  ['RerunOnFailure', 'start', 'wait', 'start'],
  ['Manual', 'wait', 'wait', 'wait'],
  ['Halted', 'wait', 'wait', 'wait'],
  ['Once', 'start', 'wait', 'wait'],
];

describe('editing the strategy of a VM that is down', () => {
  const outcomeOf = (from: RunStrategy, lastRun: LastRun, to: RunStrategy): string => {
    const record = strategyChanged(vmRecord(from, { lastRun }), to);
    return decide({ vm: virtualMachine(to), removed: false, record, instance: undefined, now: NOW })
      .kind;
  };

  test.for(EDITS)('to %s: absent %s, Succeeded kept %s, Failed kept %s', ([to, ...expected]) => {
    // Halted clears the finished instance away; Manual keeps it.
    expect([
      outcomeOf('Halted', 'Succeeded', to),
      outcomeOf('Manual', 'Succeeded', to),
      outcomeOf('Manual', 'Failed', to),
    ]).toEqual(expected);
  });

  test.for(EDITS)(
    'to %s: a stop command leaves nothing behind, as if absent (%s)',
    ([to, absent]) => {
      expect(outcomeOf('Manual', 'Stopped', to)).toBe(absent);
    },
  );

  test('to Halted cancels a queued start and clears the backoff', () => {
    const record = vmRecord('Manual', {
      startRequest: { paused: false, at: NOW },
      backoff: { unstable: 2, retryAt: NOW + 1 },
    });
    const halted = strategyChanged(record, 'Halted');
    expect(halted.startRequest).toBeUndefined();
    expect(halted.backoff).toEqual({ unstable: 0 });
  });
});

describe('an edited file', () => {
  const before = virtualMachine('Always');
  const record = registered(before, SOURCE, 'uid', NOW);

  test('that says the same is the same record', () => {
    expect(edited(record, SOURCE, before, before, NOW)).toBe(record);
  });

  test('with another comment is no new generation', () => {
    const next = edited(record, { ...SOURCE, text: '# hello\nold' }, before, before, NOW);
    expect(next.generation).toBe(1);
    expect(next.source.text).toBe('# hello\nold');
  });

  test('with another template is a new generation and clears the backoff', () => {
    const failing = { ...record, backoff: { unstable: 4, retryAt: NOW + 9 } };
    const after = {
      ...virtualMachine('Always', { memoryBytes: 1024 ** 3 }),
      manifest: { spec: { template: { spec: { changed: true } } } },
    };
    const next = edited(failing, { ...SOURCE, text: 'new' }, before, after, NOW);
    expect(next).toMatchObject({ generation: 2, editedAt: NOW, backoff: { unstable: 0 } });
  });
});

describe('a command that writes the file', () => {
  const pending: VmRecord = vmRecord('Always', {
    instance: instanceRecord(),
    pendingWrite: {
      to: 'Halted',
      effects: { stop: stopRecord(), startRequest: null },
      at: NOW,
    },
  });

  test('takes effect as a whole once the file is written', () => {
    const record = writeConfirmed(pending);
    expect(record).toMatchObject({ strategy: 'Halted', instance: { stop: stopRecord() } });
    expect(record.pendingWrite).toBeUndefined();
  });

  test('never happened when it is not', () => {
    const { pendingWrite: _, ...untouched } = pending;
    expect(writeDropped(pending)).toEqual(untouched);
  });
});

describe('the end of an instance', () => {
  const verdict = (change: Partial<Verdict> = {}): Verdict => ({
    outcome: 'Failed',
    reason: 'QemuCrashed',
    initiator: 'host',
    message: '',
    ...change,
  });
  const guestFault = verdict({ reason: 'GuestPanicked', initiator: 'guest' });
  const end = (record: VmRecord, judged: Verdict) =>
    concluded(record, judged, NOW, 0, DEFAULT_BACKOFF);

  test('goes into the history with its times', () => {
    const instance = instanceRecord({ startedAt: NOW - 20, runningAt: NOW - 10 });
    const result = end(vmRecord('Always', { instance }), guestFault);
    expect(result?.run).toEqual({
      uid: instance.uid,
      startedAt: NOW - 20,
      runningAt: NOW - 10,
      endedAt: NOW,
      verdict: guestFault,
    });
    expect(result?.record.instance).toBeUndefined();
  });

  test('counts for the backoff when nobody asked for it', () => {
    const record = vmRecord('Always', {
      instance: instanceRecord({ runningAt: NOW - 10 }),
      backoff: { unstable: 1 },
    });
    expect(end(record, guestFault)?.record.backoff).toEqual({ unstable: 2, retryAt: NOW + 10_000 });
  });

  test('counts when a probe that failed or a panic stopped it, unless a command joined', () => {
    const stopped = (commanded: object): VmRecord => {
      const stop = stopRecord({ initiator: 'supervisor', ...commanded });
      const instance = instanceRecord({ runningAt: NOW - 10, stop });
      return vmRecord('Always', { instance, backoff: { unstable: 1 } });
    };
    const judged = verdict({ reason: 'LivenessProbeFailed', initiator: 'supervisor' });
    expect(end(stopped({}), judged)?.record).toMatchObject({
      lastRun: 'Failed',
      backoff: { unstable: 2 },
    });
    expect(end(stopped({ initiator: 'guest' }), judged)?.record.backoff.unstable).toBe(2);
    expect(end(stopped({ commanded: true }), judged)?.record).toMatchObject({
      lastRun: 'Stopped',
      backoff: { unstable: 0 },
    });
  });

  test.for<readonly [string, VmRecord, Verdict]>([
    [
      'a stop ended it',
      vmRecord('Always', { instance: instanceRecord({ stop: stopRecord() }) }),
      verdict({ reason: 'GracePeriodExpired', initiator: 'command' }),
    ],
    [
      'the host went down',
      vmRecord('Always', { instance: instanceRecord() }),
      verdict({ reason: 'HostLost' }),
    ],
  ])('does not count when %s', ([, record, judged]) => {
    expect(end(record, judged)?.record.backoff).toEqual({ unstable: 0 });
  });

  test.for<readonly [RunStrategy, Verdict['outcome'], number]>([
    ['Always', 'Succeeded', 1],
    ['Always', 'Failed', 1],
    ['RerunOnFailure', 'Failed', 1],
    ['RerunOnFailure', 'Succeeded', 0],
    ['Once', 'Failed', 0],
    ['Manual', 'Failed', 0],
  ])('under %s, %s, counts only where a start follows', ([strategy, outcome, unstable]) => {
    const record = vmRecord(strategy, { instance: instanceRecord({ runningAt: NOW - 10 }) });
    expect(end(record, { ...guestFault, outcome })?.record.backoff.unstable).toBe(unstable);
  });

  test('that the file asked for clears it away: wanted again meanwhile, the VM runs anew', () => {
    const stop = stopRecord({ initiator: 'file' });
    const record = vmRecord('Once', { instance: instanceRecord({ stop }) });
    const judged = verdict({ outcome: 'Succeeded', reason: 'StoppedByFile', initiator: 'file' });
    expect(end(record, judged)?.record.lastRun).toBe('NeverRan');
  });

  test('a crash of QEMU counts: it is no shutdown of the host', () => {
    const record = vmRecord('Always', { instance: instanceRecord() });
    expect(end(record, verdict({ reason: 'QemuCrashed' }))?.record.backoff.unstable).toBe(1);
  });
});

test('a dropped launch is not asked for again once the file says Halted', () => {
  const pending = vmRecord('Halted', { instance: instanceRecord({ phase: 'Pending' }) });
  expect(discarded(pending, NOW).startRequest).toBeUndefined();
});

test('a dropped launch is asked for again, unless it was stopped', () => {
  const pending = vmRecord('Manual', { instance: instanceRecord({ startPaused: true }) });
  expect(discarded(pending, NOW).startRequest).toEqual({ paused: true, at: NOW });
  const stopped = vmRecord('Manual', { instance: instanceRecord({ stop: stopRecord() }) });
  expect(discarded(stopped, NOW).startRequest).toBeUndefined();
});

test('a rung is remembered with its time', () => {
  const record = vmRecord('Manual', { instance: instanceRecord({ stop: stopRecord() }) });
  expect(rungTaken(record, 'quit', NOW + 5).instance?.stop).toEqual(
    stopRecord({ rung: 'quit', rungAt: NOW + 5 }),
  );
  const asked = rungTaken(record, 'agent-shutdown', NOW + 5);
  expect(rungTaken(asked, 'powerdown', NOW + 6).instance?.stop).toEqual(
    stopRecord({ askedAt: NOW + 5, agentAt: NOW + 5, rung: 'powerdown', rungAt: NOW + 6 }),
  );
});

test('any accepted command clears the backoff', () => {
  const record = vmRecord('Always', { backoff: { unstable: 7, retryAt: NOW + 1 } });
  expect(commanded(record, {}).backoff).toEqual({ unstable: 0 });
});
