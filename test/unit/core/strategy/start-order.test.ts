import { describe, expect, test } from 'vitest';
import type { LastRun, VmRecord } from '../../../../src/core/model/record.ts';
import type { RunStrategy } from '../../../../src/core/model/virtual-machine.ts';
import type {
  InstanceView,
  Prospect,
  StartOrderFacts,
} from '../../../../src/core/strategy/situation.ts';
import {
  inWords,
  type ProspectFacts,
  prospectOf,
  startGate,
} from '../../../../src/core/strategy/start-order.ts';
import {
  instanceRecord,
  instanceSpec,
  NOW,
  probeSpec,
  stopRecord,
  virtualMachine,
  vmRecord,
} from '../../../support/build.ts';
import { RUNNING } from './situations.ts';

const COMING: Prospect = { kind: 'coming', to: 'run' };
const UNREADY: Prospect = { kind: 'coming', to: 'be ready' };
const DOWN: Prospect = { kind: 'down' };
const runs = (since: number): Prospect => ({ kind: 'runs', since });

function facts(
  change: Partial<StartOrderFacts>,
  ...prospects: readonly Prospect[]
): StartOrderFacts {
  const after = prospects.map((prospect, index) => ({ name: `vm${index}`, prospect }));
  return { after, delayMs: 0, bootAt: NOW - 3_600_000, ...change };
}

describe('the gate', () => {
  test.for<readonly [string, StartOrderFacts | undefined, string]>([
    ['for a VM that names none', undefined, 'open'],
    ['when all run', facts({}, runs(NOW), runs(NOW - 1)), 'open'],
    ['while one is on its way', facts({}, runs(NOW), COMING), 'waiting for vm1 to run'],
    ['while all are', facts({}, COMING, COMING, COMING), 'waiting for vm0, vm1 and vm2 to run'],
    ['when one stays down', facts({}, DOWN, runs(NOW)), 'open'],
    ['when all stay down', facts({}, DOWN, DOWN), 'open'],
  ])('%s: %s', ([, given, expected]) => {
    const gate = startGate(given, NOW);
    expect(gate.open ? 'open' : gate.reason).toBe(expected);
  });

  const MINUTE = 60_000;
  test.for<readonly [string, StartOrderFacts, number | 'open']>([
    ['just after boot', facts({ delayMs: MINUTE, bootAt: NOW - 1000 }), NOW + MINUTE - 1000],
    ['when it is over', facts({ delayMs: MINUTE, bootAt: NOW - MINUTE }), 'open'],
    ['days after boot', facts({ delayMs: MINUTE, bootAt: 0 }), 'open'],
    [
      'counted from the last that came up',
      facts({ delayMs: MINUTE, bootAt: NOW - 9000 }, runs(NOW - 2000), runs(NOW - 8000)),
      NOW + MINUTE - 2000,
    ],
    [
      'when the others have run for days',
      facts({ delayMs: MINUTE, bootAt: 0 }, runs(NOW - 86_400_000)),
      'open',
    ],
    [
      'when the others stay down, counted from boot',
      facts({ delayMs: MINUTE, bootAt: NOW - 1000 }, DOWN),
      NOW + MINUTE - 1000,
    ],
    [
      'when the clock says that a VM ran before boot',
      facts({ delayMs: MINUTE, bootAt: NOW }, runs(NOW - MINUTE)),
      NOW + MINUTE,
    ],
  ])('a delay %s', ([, given, expected]) => {
    const gate = startGate(given, NOW);
    expect(gate.open ? 'open' : gate.until).toBe(expected);
    if (gate.open) return;
    expect(gate.reason).toBe('its start-delay of 60 s is not over');
    expect(startGate(given, gate.until ?? 0).open).toBe(true);
  });

  test('says whether VMs are to run or to be ready', () => {
    const gate = startGate(facts({}, COMING, UNREADY), NOW);
    expect(gate).toMatchObject({ open: false, held: 'start-after' });
    if (!gate.open) expect(gate.reason).toMatch(/^waiting for \w+ to run and \w+ to be ready$/);
  });

  test('a delay begins only when nobody is on the way any more', () => {
    const gate = startGate(facts({ delayMs: 1000, bootAt: 0 }, COMING), NOW);
    expect(gate).toMatchObject({ open: false, held: 'start-after' });
    expect(gate).not.toHaveProperty('until');
  });
});

function standing(
  strategy: RunStrategy,
  record: Partial<VmRecord> | undefined,
  change: Partial<ProspectFacts> = {},
): ProspectFacts {
  return {
    vm: virtualMachine(strategy),
    removed: false,
    record: record && vmRecord(strategy, record),
    instance: undefined,
    resumedAt: undefined,
    now: NOW,
    ...change,
  };
}

function live(instance: Parameters<typeof instanceRecord>[0], seen: InstanceView = RUNNING) {
  return standing('Always', { instance: instanceRecord(instance) }, { instance: seen });
}

describe('a VM that is down', () => {
  test.for<readonly [RunStrategy, LastRun, Prospect['kind']]>([
    ['Always', 'NeverRan', 'coming'],
    ['Always', 'Succeeded', 'coming'],
    ['RerunOnFailure', 'NeverRan', 'coming'],
    ['RerunOnFailure', 'Failed', 'coming'],
    ['RerunOnFailure', 'Succeeded', 'down'],
    ['RerunOnFailure', 'Stopped', 'down'],
    ['Once', 'NeverRan', 'coming'],
    ['Once', 'Failed', 'down'],
    ['Manual', 'NeverRan', 'down'],
    ['Halted', 'NeverRan', 'down'],
  ])('%s, %s: is %s', ([strategy, lastRun, expected]) => {
    expect(prospectOf(standing(strategy, { lastRun })).kind).toBe(expected);
  });

  test('whose file was read just now is about to start if its strategy says so', () => {
    expect(prospectOf(standing('Always', undefined))).toEqual(COMING);
    expect(prospectOf(standing('Manual', undefined))).toEqual(DOWN);
  });

  test('is about to start when a command asked for it', () => {
    const startRequest = { paused: false, at: NOW };
    expect(prospectOf(standing('Manual', { startRequest }))).toEqual(COMING);
  });

  test('holds nobody up while it waits in its backoff', () => {
    const backoff = { unstable: 3, retryAt: NOW + 1 };
    const waits = standing('Always', { lastRun: 'Failed', backoff });
    expect(prospectOf(waits)).toEqual(DOWN);
    expect(prospectOf({ ...waits, now: NOW + 1 })).toEqual(COMING);
  });

  test('is judged by the strategy that its file has by now', () => {
    const halted = vmRecord('Halted', { lastRun: 'Succeeded' });
    expect(prospectOf({ ...standing('RerunOnFailure', undefined), record: halted })).toEqual(
      COMING,
    );
  });

  test('stays down when it was removed, is unknown or was never valid', () => {
    const lost = { vm: undefined };
    expect(prospectOf(standing('Always', { lastRun: 'Failed' }, { removed: true }))).toEqual(DOWN);
    expect(prospectOf(standing('Always', { lastRun: 'Failed' }, lost))).toEqual(DOWN);
    expect(prospectOf(standing('Always', undefined, lost))).toEqual(DOWN);
  });
});

describe('a VM with an instance', () => {
  const PROBED = instanceSpec({ readinessProbe: probeSpec() });
  const LAUNCHING: InstanceView = { kind: 'launching' };
  test.for<readonly [string, ProspectFacts, Prospect]>([
    ['runs', live({ runningAt: NOW - 5 }), runs(NOW - 5)],
    ['is launched', live({ phase: 'Pending' }, LAUNCHING), COMING],
    ['was let run a moment ago', live({ phase: 'Scheduled' }), COMING],
    [
      'was started paused and has not run yet',
      live({ runningAt: NOW - 5, pausedByUser: true }, { ...RUNNING, resumed: false }),
      COMING,
    ],
    [
      'ran and is paused',
      live({ runningAt: NOW - 5, pausedByUser: true }, { ...RUNNING, runState: 'paused' }),
      runs(NOW - 5),
    ],
    ['runs and is not ready', live({ spec: PROBED }), UNREADY],
    [
      'was ready and is not any more',
      live({ spec: PROBED, readiness: { ready: false, since: NOW } }),
      UNREADY,
    ],
    [
      'is ready',
      live({ spec: PROBED, runningAt: NOW - 5, readiness: { ready: true, since: NOW - 2 } }),
      runs(NOW - 2),
    ],
    ['has just ended', live({}, { kind: 'ended' }), COMING],
    ['is stopped by a command', live({ stop: stopRecord() }), { kind: 'coming', to: 'run' }],
  ])('that %s', ([, given, expected]) => {
    expect(prospectOf(given)).toEqual(expected);
  });

  test('ran since its guest first ran, not since somebody looked', () => {
    expect(prospectOf({ ...live({ runningAt: NOW }), resumedAt: NOW - 9 })).toEqual(runs(NOW - 9));
  });

  test.for<readonly [RunStrategy, Partial<VmRecord>, Prospect]>([
    ['Halted', {}, DOWN],
    ['Manual', {}, DOWN],
    ['RerunOnFailure', {}, DOWN],
    ['Manual', { startRequest: { paused: false, at: NOW } }, COMING],
  ])('that a command stops under %s', ([strategy, change, expected]) => {
    const instance = instanceRecord({ stop: stopRecord() });
    const given = standing(strategy, { ...change, instance }, { instance: RUNNING });
    expect(prospectOf(given)).toEqual(expected);
  });
});

test.for([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
] as const)('%j reads %j', ([names, words]) => {
  expect(inWords(names)).toBe(words);
});
