import { describe, expect, test } from 'vitest';
import {
  afterRest,
  canBeProbed,
  firstProbeAt,
  isReady,
  nextProbeAt,
} from '../../../../src/core/probe/probe-time.ts';
import type { InstanceView } from '../../../../src/core/strategy/situation.ts';
import {
  instanceRecord,
  instanceSpec,
  NOW,
  probeSpec,
  stopRecord,
} from '../../../support/build.ts';

const PROBE = probeSpec({ initialDelaySeconds: 30, periodSeconds: 10 });
const at = (seconds: number): number => NOW + seconds * 1000;

test.for<[string, number, boolean, number]>([
  ['a new guest', 0, false, 30],
  ['a new guest that took long to come up', 40, false, 40],
  ['taken over before the delay is over', 20, true, 30],
  ['taken over later: not all at once', 100, true, 105],
])('the first check of %s', ([, now, takenOver, expected]) => {
  const facts = { startedAt: NOW, now: at(now), takenOver, random: 0.5 };
  expect(firstProbeAt(PROBE, facts)).toBe(at(expected));
});

test('the period counts from the beginning of the check, unless that took longer', () => {
  expect(nextProbeAt(PROBE, at(0), at(3))).toBe(at(10));
  expect(nextProbeAt(PROBE, at(0), at(13))).toBe(at(13));
});

test('a guest that goes on gets a whole period, and not less than the initial delay', () => {
  expect(afterRest(PROBE, at(5), at(7))).toBe(at(17));
  expect(afterRest(PROBE, at(60), at(7))).toBe(at(60));
});

describe('a guest is probed', () => {
  const spec = instanceSpec({ livenessProbe: PROBE });
  const running: InstanceView = {
    kind: 'live',
    monitor: true,
    runState: 'running',
    resumed: true,
    agent: false,
  };
  test.for<[string, Parameters<typeof instanceRecord>[0], InstanceView, boolean]>([
    ['while it runs', { spec }, running, true],
    ['also when QEMU does not answer', { spec }, { ...running, monitor: false }, true],
    ['not without a probe', {}, running, false],
    ['not before it runs', { spec, phase: 'Scheduled' }, running, false],
    ['not while it is paused', { spec }, { ...running, runState: 'paused' }, false],
    ['not while it sleeps', { spec }, { ...running, runState: 'suspended' }, false],
    ['not while it is frozen', { spec, freeze: { at: NOW } }, running, false],
    ['not in a soft reboot', { spec, softReboot: { at: NOW, deadline: NOW } }, running, false],
    ['not while it is stopped', { spec, stop: stopRecord() }, running, false],
    ['not once its liveness probe has failed', { spec, livenessFailedAt: NOW }, running, false],
    ['not once it has ended', { spec }, { kind: 'ended' }, false],
  ])('%s', ([, instance, seen, expected]) => {
    expect(canBeProbed(instanceRecord(instance), seen)).toBe(expected);
  });
});

test.for<[string, Parameters<typeof instanceRecord>[0], boolean]>([
  ['no probe', {}, true],
  ['a liveness probe alone', { spec: instanceSpec({ livenessProbe: PROBE }) }, true],
  [
    'a readiness probe that has told nothing',
    { spec: instanceSpec({ readinessProbe: PROBE }) },
    false,
  ],
  [
    'one that succeeds',
    { spec: instanceSpec({ readinessProbe: PROBE }), readiness: { ready: true, since: NOW } },
    true,
  ],
  [
    'one that fails',
    { spec: instanceSpec({ readinessProbe: PROBE }), readiness: { ready: false } },
    false,
  ],
])('ready with %s: %o', ([, instance, expected]) => {
  expect(isReady(instanceRecord(instance))).toBe(expected);
});
