import { describe, expect, test } from 'vitest';
import type { ReadinessRecord, VmRecord } from '../../../../src/core/model/record.ts';
import { type TransitionFacts, withTimes } from '../../../../src/core/status/transition-times.ts';
import { instanceRecord, instanceSpec, NOW, probeSpec, vmRecord } from '../../../support/build.ts';

const RUNNING_AT = NOW - 5000;
const running = vmRecord('Always', { instance: instanceRecord({ runningAt: RUNNING_AT }) });
const ended = {
  uid: 'u',
  startedAt: NOW - 9000,
  endedAt: NOW - 7000,
  verdict: { outcome: 'Failed', reason: 'QemuCrashed', initiator: 'outside', message: '' },
} as const;

function probed(readiness: ReadinessRecord): VmRecord {
  const spec = instanceSpec({ readinessProbe: probeSpec() });
  return vmRecord('Always', {
    instance: instanceRecord({ runningAt: RUNNING_AT, spec, readiness }),
  });
}

function facts(change: Partial<TransitionFacts>): TransitionFacts {
  return { record: running, lastRun: undefined, runStateSince: undefined, now: NOW, ...change };
}

describe('a condition that was not shown before is as old as', () => {
  const starting: VmRecord = vmRecord('Always', { instance: instanceRecord({ phase: 'Pending' }) });
  test.for<readonly [string, string, 'True' | 'False', Partial<TransitionFacts>, number]>([
    ['the guest runs', 'Ready', 'True', {}, RUNNING_AT],
    ['a paused guest goes on', 'Ready', 'True', { runStateSince: NOW - 10 }, NOW - 10],
    ['the last pause', 'Ready', 'False', { runStateSince: NOW - 20 }, NOW - 20],
    ['the VM, before its first run', 'Ready', 'False', { record: vmRecord('Halted') }, NOW - 1000],
    [
      'the last end',
      'Ready',
      'False',
      { record: vmRecord('Halted'), lastRun: ended },
      ended.endedAt,
    ],
    [
      'the last end, while it starts again',
      'Ready',
      'False',
      { record: starting, lastRun: ended },
      ended.endedAt,
    ],
    [
      'its probe found it ready',
      'Ready',
      'True',
      { record: probed({ ready: true, since: NOW - 40 }), runStateSince: NOW - 90 },
      NOW - 40,
    ],
    [
      'its probe found it not ready',
      'Ready',
      'False',
      { record: probed({ ready: false, since: NOW - 40 }), runStateSince: NOW - 90 },
      NOW - 40,
    ],
    [
      'the last end, for a guest that never was ready',
      'Ready',
      'False',
      { record: probed({ ready: false }), lastRun: ended, runStateSince: NOW - 90 },
      ended.endedAt,
    ],
    [
      'the pause of a guest that is ready',
      'Ready',
      'False',
      { record: probed({ ready: true, since: NOW - 40 }), runStateSince: NOW - 20 },
      NOW - 20,
    ],
    ['the pause', 'Paused', 'True', { runStateSince: NOW - 20 }, NOW - 20],
    [
      'the edit',
      'RestartRequired',
      'True',
      { record: { ...running, editedAt: NOW - 30 } },
      NOW - 30,
    ],
    ['nobody knows', 'MonitorUnresponsive', 'True', {}, NOW],
  ])('%s', ([, type, status, change, since]) => {
    expect(withTimes([{ type, status }], [], facts(change))).toEqual([{ type, status, since }]);
  });
});

test('a condition keeps its time until its status changes, whatever its words', () => {
  const shown = [{ type: 'ManifestInvalid', status: 'True', message: 'old', since: 7 }] as const;
  const still = { type: 'ManifestInvalid', status: 'True', message: 'new' } as const;
  expect(withTimes([still], shown, facts({}))).toEqual([{ ...still, since: 7 }]);
  const turned = { ...still, status: 'False' } as const;
  expect(withTimes([turned], shown, facts({}))[0]?.since).toBe(NOW);
});
