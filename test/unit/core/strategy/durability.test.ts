import { expect, test } from 'vitest';
import type { InstanceRecord, VmRecord } from '../../../../src/core/model/record.ts';
import { mustOutlastHost } from '../../../../src/core/strategy/durability.ts';
import { instanceRecord, NOW, stopRecord, vmRecord } from '../../../support/build.ts';

const instance = instanceRecord();
const before = vmRecord('Always', { instance });

const stopping = { ...instance, stop: stopRecord() };
const rung = stopRecord({ rung: 'quit', rungAt: NOW });

const CHANGES: readonly (readonly [
  what: string,
  after: VmRecord,
  must: boolean,
  from?: InstanceRecord,
])[] = [
  [
    'it comes up',
    { ...before, instance: { ...instance, phase: 'Running', runningAt: NOW } },
    false,
  ],
  ['it is paused', { ...before, instance: { ...instance, pausedByUser: true } }, false],
  ['somebody wants it to stop', { ...before, instance: { ...instance, stop: stopRecord() } }, true],
  ['its stop goes on', { ...before, instance: { ...stopping, stop: rung } }, false, stopping],
  ['a start is asked for', { ...before, startRequest: { paused: false, at: NOW } }, true],
  ['the strategy changes', { ...before, strategy: 'Manual' }, true],
  ['it is another one', { ...before, instance: { ...instance, uid: 'another' } }, true],
  ['it has ended', vmRecord('Always'), true],
];

test.for(CHANGES)('of an instance: %s', ([, after, must, from]) => {
  const known = from === undefined ? before : { ...before, instance: from };
  expect(mustOutlastHost(known, after)).toBe(must);
});

test('what is new must outlast the host', () => {
  expect(mustOutlastHost(undefined, before)).toBe(true);
  expect(mustOutlastHost(vmRecord('Always'), before)).toBe(true);
});
