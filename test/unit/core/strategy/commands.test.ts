import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VmRecord } from '../../../../src/core/model/record.ts';
import { RUN_STRATEGIES, type RunStrategy } from '../../../../src/core/model/virtual-machine.ts';
import { DEFAULT_BACKOFF } from '../../../../src/core/strategy/backoff.ts';
import {
  type Command,
  type Judgement,
  judgeCommand,
} from '../../../../src/core/strategy/commands.ts';
import { decide } from '../../../../src/core/strategy/decide.ts';
import { STRATEGY_TABLES } from '../../../../src/core/strategy/run-strategy.ts';
import {
  commanded,
  concluded,
  strategyChanged,
} from '../../../../src/core/strategy/transitions.ts';
import {
  instanceRecord,
  NOW,
  stopRecord,
  virtualMachine,
  vmRecord,
} from '../../../support/build.ts';

const START: Command = { verb: 'start', paused: false };
const STOP: Command = { verb: 'stop' };
const RESTART: Command = { verb: 'restart' };

function judge(
  command: Command,
  record: VmRecord,
  table: keyof typeof STRATEGY_TABLES = 'default',
) {
  return judgeCommand(command, {
    record,
    terminating: false,
    draining: false,
    table: STRATEGY_TABLES[table],
    now: NOW,
  });
}

const running = (strategy: RunStrategy) => vmRecord(strategy, { instance: instanceRecord() });
const stopping = (strategy: RunStrategy) =>
  vmRecord(strategy, { instance: instanceRecord({ stop: stopRecord() }) });
const down = (strategy: RunStrategy) => vmRecord(strategy, { lastRun: 'Succeeded' });
const inBackoff = (strategy: RunStrategy) =>
  vmRecord(strategy, { lastRun: 'Failed', backoff: { unstable: 3, retryAt: NOW + 60_000 } });
const starting = (strategy: RunStrategy) =>
  vmRecord(strategy, { instance: instanceRecord({ phase: 'Scheduling' }) });

test('a queued start is granted again when what it waits for has failed', () => {
  const record = vmRecord('Manual', { startRequest: { paused: false, at: NOW - 1 } });
  const situation = {
    ...{ record, terminating: false, draining: false, now: NOW },
    table: STRATEGY_TABLES.default,
  };
  const start = { verb: 'start', paused: false } as const;
  expect(judgeCommand(start, situation).ok).toBe(false);
  expect(judgeCommand(start, { ...situation, stuck: true }).ok).toBe(true);
});

/** `202` or `202 → strategy written into the file`, or the refusal. */
function inWords(judgement: Judgement): string {
  if (!judgement.ok) return judgement.message;
  return judgement.write === undefined ? '202' : `202 → ${judgement.write}`;
}

const NO_RESTART = 'does not support manual restart requests';
const SHORTER = 'Halted only supports manual stop requests with a shorter graceperiod';

/** Strategy, state, then start / stop / restart. */
const TABLE: readonly (readonly [RunStrategy, string, VmRecord, string, string, string])[] = [
  ['Always', 'down', down('Always'), '202', '202 → Halted', 'VM is not running'],
  ['Always', 'in backoff', inBackoff('Always'), '202', '202 → Halted', 'VM is not running'],
  ['Always', 'starting', starting('Always'), 'VM is already running', '202 → Halted', '202'],
  ['Always', 'running', running('Always'), 'VM is already running', '202 → Halted', '202'],
  ['Always', 'stopping', stopping('Always'), '202', '202 → Halted', '202'],
  ['RerunOnFailure', 'down', down('RerunOnFailure'), '202', '202 → Halted', 'VM is not running'],
  [
    'RerunOnFailure',
    'in backoff',
    inBackoff('RerunOnFailure'),
    '202',
    '202 → Halted',
    'VM is not running',
  ],
  [
    'RerunOnFailure',
    'running',
    running('RerunOnFailure'),
    'VM is already running',
    '202 → Halted',
    '202',
  ],
  ['RerunOnFailure', 'stopping', stopping('RerunOnFailure'), '202', '202 → Halted', '202'],
  ['Manual', 'down', down('Manual'), '202', 'VM is not running', 'VM is not running'],
  ['Manual', 'running', running('Manual'), 'VM is already running', '202', '202'],
  ['Manual', 'stopping', stopping('Manual'), '202', '202', '202'],
  ['Halted', 'down', down('Halted'), '202 → Always', 'VM is not running', NO_RESTART],
  ['Halted', 'stopping', stopping('Halted'), '202 → Always', SHORTER, NO_RESTART],
  ['Once', 'down', down('Once'), '202', '202 → Halted', NO_RESTART],
  ['Once', 'running', running('Once'), 'VM is already running', '202 → Halted', NO_RESTART],
];

describe('start / stop / restart', () => {
  test.for(TABLE)('%s, %s', ([, , record, start, stop, restart]) => {
    expect(inWords(judge(START, record))).toBe(start);
    expect(inWords(judge(STOP, record))).toBe(stop);
    expect(inWords(judge(RESTART, record))).toContain(restart);
  });

  test('under kubevirt-v1, RerunOnFailure keeps its strategy and a stop in backoff still holds', () => {
    const record = inBackoff('RerunOnFailure');
    const judgement = judge(STOP, record, 'kubevirt-v1');
    expect(inWords(judgement)).toBe('202');
    if (!judgement.ok) return;
    const after = commanded(record, judgement.effects);
    const vm = virtualMachine('RerunOnFailure');
    expect(
      decide({ vm, removed: false, record: after, instance: undefined, now: NOW + 1e9 }).kind,
    ).toBe('wait');
  });

  test('a VM whose document was removed takes none', () => {
    const table = STRATEGY_TABLES.default;
    const situation = {
      record: running('Always'),
      terminating: true,
      draining: false,
      table,
      now: NOW,
    };
    expect(judgeCommand(STOP, situation)).toEqual({ ok: false, message: 'VM is being deleted' });
  });
});

describe('while draining', () => {
  const judgeDraining = (command: Command, record: VmRecord): Judgement =>
    judgeCommand(command, {
      record,
      terminating: false,
      draining: true,
      table: STRATEGY_TABLES.default,
      now: NOW,
    });
  const refused = {
    ok: false,
    message: 'solovirt is draining: nothing is started before that is over',
  };

  test.for(RUN_STRATEGIES)('a %s VM is neither started nor restarted', (strategy) => {
    for (const record of [down(strategy), running(strategy), stopping(strategy)])
      for (const command of [START, RESTART])
        expect(judgeDraining(command, record)).toEqual(refused);
  });

  test('a stop is granted as ever', () => {
    for (const record of [running('Manual'), running('Always'), inBackoff('Always')])
      expect(judgeDraining(STOP, record)).toEqual(judge(STOP, record));
  });

  test('a stop that joins the one after a failed probe keeps the VM down', () => {
    const stop = stopRecord({ initiator: 'supervisor' });
    const record = vmRecord('Manual', { instance: instanceRecord({ stop }) });
    const judgement = judge(STOP, record);
    if (!judgement.ok) throw new Error(judgement.message);
    const after = commanded(record, judgement.effects);
    expect(after.instance?.stop).toMatchObject({ initiator: 'supervisor', commanded: true });
  });

  test.for(Object.keys(STRATEGY_TABLES) as (keyof typeof STRATEGY_TABLES)[])(
    "a stop that joins the host's is remembered (%s), so that the VM stays down",
    (table) => {
      const stop = stopRecord({ initiator: 'host', rung: 'powerdown', rungAt: NOW });
      const record = vmRecord('RerunOnFailure', { instance: instanceRecord({ stop }) });
      const judgement = judge(STOP, record, table);
      if (!judgement.ok) throw new Error(judgement.message);
      const moved =
        judgement.write === undefined ? record : strategyChanged(record, judgement.write);
      const after = commanded(moved, judgement.effects);
      expect(after.instance?.stop).toMatchObject({ initiator: 'host', commanded: true });
      const verdict = {
        outcome: 'Failed',
        reason: 'HostShutdown',
        initiator: 'host',
        message: '',
      } as const;
      const ended = concluded(after, verdict, NOW, 0, DEFAULT_BACKOFF)?.record;
      expect(ended?.lastRun).toBe('Stopped');
    },
  );
});

describe('a stop', () => {
  test('cancels a queued start', () => {
    const queued = { ...down('Manual'), startRequest: { paused: false, at: NOW } };
    const judgement = judge(STOP, queued);
    expect(judgement).toMatchObject({ ok: true, effects: { startRequest: null } });
    if (judgement.ok) expect(commanded(queued, judgement.effects).startRequest).toBeUndefined();
  });

  test('takes the grace period of the instance unless it brings one', () => {
    const record = running('Manual');
    expect(judge(STOP, record)).toMatchObject({ effects: { stop: { gracePeriodSeconds: 30 } } });
    expect(judge({ verb: 'stop', gracePeriodSeconds: 0 }, record)).toMatchObject({
      effects: { stop: { gracePeriodSeconds: 0, since: NOW, initiator: 'command' } },
    });
  });

  test('in progress keeps its clock and can only be shortened', () => {
    const since = NOW - 10_000;
    const stop = stopRecord({ since, rung: 'powerdown', rungAt: since });
    const record = vmRecord('Halted', { instance: instanceRecord({ stop }) });
    expect(judge({ verb: 'stop', gracePeriodSeconds: 5 }, record)).toMatchObject({
      ok: true,
      effects: { stop: { ...stop, gracePeriodSeconds: 5 } },
    });
    expect(judge({ verb: 'stop', gracePeriodSeconds: 60 }, record)).toMatchObject({ ok: false });
  });
});

describe('any sequence of commands', () => {
  const command = fc.constantFrom<Command>(START, STOP, RESTART, {
    verb: 'stop',
    gracePeriodSeconds: 0,
  });

  test('leaves a VM that was stopped last on its way down, and never both stopped and wanted', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RUN_STRATEGIES), fc.array(command), (strategy, commands) => {
        const apply = (record: VmRecord, next: Command): VmRecord => {
          const judgement = judge(next, record);
          if (!judgement.ok) return record;
          const { write } = judgement;
          const moved = write === undefined ? record : strategyChanged(record, write);
          return commanded(moved, judgement.effects);
        };
        const record = [...commands, STOP].reduce(apply, running(strategy));
        expect(record.startRequest).toBeUndefined();
        expect(record.instance?.stop).toBeDefined();
      }),
    );
  });
});
