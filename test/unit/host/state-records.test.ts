import { expect, test } from 'vitest';
import { vmRecordShape } from '../../../src/host/state-records.ts';
import { parseStored } from '../../../src/host/state-shape.ts';
import { instanceRecord, instanceSpec, NOW, stopRecord, vmRecord } from '../../support/build.ts';

const stored = (record: object) => parseStored(JSON.stringify(record), vmRecordShape);

test.for([
  ['without limits, as it was stored before there were any', instanceRecord()],
  [
    'with limits',
    instanceRecord({ spec: instanceSpec({ limits: { memoryBytes: 1, cpuNano: 2 } }) }),
  ],
  [
    'in a stop of the host that a command joined',
    instanceRecord({ stop: stopRecord({ initiator: 'host', commanded: true, since: NOW }) }),
  ],
] as const)('an instance %s is read back as it was', ([, instance]) => {
  const record = vmRecord('Always', { instance });
  expect(stored(record)).toEqual({ ok: true, value: record });
});

test('a stop that is not as it should be is named', () => {
  const stop = { ...stopRecord(), commanded: 'yes' };
  expect(stored({ ...vmRecord('Always'), instance: { ...instanceRecord(), stop } })).toEqual({
    ok: false,
    reason: 'instance.stop.commanded must be true or false, found "yes"',
  });
});
