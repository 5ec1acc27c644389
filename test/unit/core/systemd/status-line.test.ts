import { expect, test } from 'vitest';
import type { PrintableStatus } from '../../../../src/core/status/printable-status.ts';
import { statusLine } from '../../../../src/core/systemd/status-line.ts';

test.for<[readonly PrintableStatus[], string]>([
  [[], 'no VMs'],
  [['Running'], '1 VM: 1 running'],
  [['Stopped', 'Running', 'Running'], '3 VMs: 2 running, 1 stopped'],
  [['Starting', 'Provisioning'], '2 VMs: 2 starting'],
  [
    [
      'Stopped',
      'Invalid',
      'CrashLoopBackOff',
      'Terminating',
      'Stopping',
      'Starting',
      'Paused',
      'Running',
    ],
    '8 VMs: 1 running, 1 paused, 1 starting, 1 stopping, 1 being removed, 1 in crash loop back-off, 1 invalid, 1 stopped',
  ],
])('%j', ([states, line]) => {
  expect(statusLine({ states, draining: false })).toBe(line);
});

test('says that the host goes down', () => {
  expect(statusLine({ states: ['Stopping'], draining: true })).toBe('1 VM: 1 stopping; draining');
});
