/** Starts of VMs whose disks are still to be made. */
import { describe, expect, test } from 'vitest';
import { decide } from '../../../../src/core/strategy/decide.ts';
import type { ProvisionFacts } from '../../../../src/core/strategy/provision.ts';
import type { Situation } from '../../../../src/core/strategy/situation.ts';
import { NOW, virtualMachine, vmRecord } from '../../../support/build.ts';

const DUE: ProvisionFacts = { kind: 'due', reason: 'making root, data' };

function down(change: object = {}, more: Partial<Situation> = {}): Situation {
  const record = vmRecord('Always', change);
  const vm = virtualMachine('Always');
  return { vm, removed: false, record, instance: undefined, now: NOW, provision: DUE, ...more };
}

describe('a start', () => {
  test('begins with the disks that are not there', () => {
    expect(decide(down())).toEqual({ kind: 'provision', reason: 'making root, data' });
  });

  test('that a command asked for does so too', () => {
    const startRequest = { paused: true, at: NOW };
    expect(decide(down({ startRequest })).kind).toBe('provision');
  });

  test('waits while they are made, and says how far that is', () => {
    const provision = { kind: 'making', progress: 'making the disk root: 34 % copied' } as const;
    expect(decide(down({}, { provision }))).toEqual({
      kind: 'wait',
      reason: 'making the disk root: 34 % copied',
      held: 'provisioning',
    });
  });

  test('waits until they are tried again', () => {
    const provision: ProvisionFacts = {
      ...{ kind: 'failed', what: 'disk', failures: 1 },
      ...{ message: 'no', retryAt: NOW + 1 },
    };
    expect(decide(down({}, { provision }))).toEqual({
      kind: 'wait',
      reason: 'no',
      held: 'provisioning-failed',
      until: NOW + 1,
    });
    expect(decide(down({}, { provision, now: NOW + 1 })).kind).toBe('provision');
  });
});

test.for([
  ['disk', 3, 'provisioning-failed'],
  ['image', 1, 'image-pull-failed'],
  ['image', 2, 'image-pull-back-off'],
] as const)('what failed tells what keeps the start: a %s, %i times', ([what, failures, held]) => {
  const provision = { kind: 'failed', what, failures, message: 'no', retryAt: NOW + 1 } as const;
  expect(decide(down({}, { provision }))).toMatchObject({ kind: 'wait', held });
});

describe('no disk is made', () => {
  test.for([
    ['for a VM that stays down', down({ strategy: 'Halted' }, { vm: virtualMachine('Halted') })],
    ['while draining', down({}, { draining: { dependents: [] } })],
    ['in the backoff', down({ lastRun: 'Failed', backoff: { unstable: 2, retryAt: NOW + 1 } })],
    ['for a VM that goes', down({}, { removed: true, vm: undefined })],
  ] as const)('%s', ([, situation]) => {
    expect(['wait', 'forget']).toContain(decide(situation).kind);
  });
});
