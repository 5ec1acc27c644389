import { expect, test } from 'vitest';
import type { QmpEvent } from '../../../../src/core/model/evidence.ts';
import { tellEnd } from '../../../../src/core/status/end-told.ts';

type Told = readonly [name: string, data?: QmpEvent['data']];

/** The n-th event happens at n. */
function told(events: readonly Told[]): number | undefined {
  return events.reduce<number | undefined>(
    (before, [event, data = {}], at) => tellEnd(before, { event, data, at }),
    undefined,
  );
}

test.for<readonly [string, readonly Told[], number | undefined]>([
  ['a guest that runs', [['RESUME'], ['NIC_RX_FILTER_CHANGED']], undefined],
  ['a guest that has shut down', [['RESUME'], ['SHUTDOWN', { reason: 'guest-shutdown' }]], 1],
  ['the first of several tellings', [['GUEST_PANICKED', { action: 'poweroff' }], ['SHUTDOWN']], 0],
  ['a panic that is to be dumped', [['GUEST_PANICKED', { action: 'pause' }], ['STOP']], undefined],
  ['a watchdog that powers off', [['WATCHDOG', { action: 'poweroff' }]], 0],
  ['a watchdog that resets', [['WATCHDOG', { action: 'reset' }], ['RESET']], undefined],
  ['a QEMU that holds a guest which has shut down', [['SHUTDOWN'], ['STOP']], undefined],
  ['one that was woken and shut down again', [['SHUTDOWN'], ['STOP'], ['RESET'], ['SHUTDOWN']], 3],
])('%s', ([, events, expected]) => {
  expect(told(events)).toBe(expected);
});
