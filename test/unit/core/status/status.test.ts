import { describe, expect, test } from 'vitest';
import { vmConditions } from '../../../../src/core/status/conditions.ts';
import {
  type PrintableStatus,
  printableStatus,
  type StatusFacts,
} from '../../../../src/core/status/printable-status.ts';
import {
  instanceRecord,
  instanceSpec,
  NOW,
  probeSpec,
  stopRecord,
  virtualMachine,
  vmRecord,
} from '../../../support/build.ts';

function facts(change: Partial<StatusFacts>): StatusFacts {
  const record = vmRecord('Always');
  return {
    record,
    valid: true,
    terminating: false,
    runState: undefined,
    draining: false,
    ...change,
  };
}

const PROBED = instanceSpec({ readinessProbe: probeSpec() });
const running = vmRecord('Always', { instance: instanceRecord() });
const failed = { lastRun: 'Failed', backoff: { unstable: 2, retryAt: NOW + 1 } } as const;

describe('the printable status', () => {
  test.for<readonly [string, StatusFacts, PrintableStatus]>([
    ['a file that was never valid', facts({ record: undefined, valid: false }), 'Invalid'],
    ['a valid file that could not be recorded yet', facts({ record: undefined }), 'Stopped'],
    [
      'a removed document, its guest still there',
      facts({ record: running, terminating: true }),
      'Terminating',
    ],
    [
      'a stop in progress, even of a paused guest',
      facts({
        record: vmRecord('Halted', { instance: instanceRecord({ stop: stopRecord() }) }),
        runState: 'paused',
      }),
      'Stopping',
    ],
    [
      'a VM that would start, were nothing started at present',
      facts({ record: vmRecord('Always', failed), draining: true }),
      'Stopped',
    ],
    [
      'a guest that waits for its turn to be stopped',
      facts({ record: running, draining: true }),
      'Running',
    ],
    ['a paused guest', facts({ record: running, runState: 'paused' }), 'Paused'],
    ['a guest paused on a disk error', facts({ record: running, runState: 'io-error' }), 'Paused'],
    ['a running guest', facts({ record: running, runState: 'running' }), 'Running'],
    ['a running guest that a new daemon has not asked yet', facts({ record: running }), 'Running'],
    [
      'an instance on its way',
      facts({ record: vmRecord('Manual', { instance: instanceRecord({ phase: 'Scheduling' }) }) }),
      'Starting',
    ],
    [
      'a queued start',
      facts({ record: vmRecord('Manual', { startRequest: { paused: false, at: NOW } }) }),
      'Starting',
    ],
    [
      'a failure waiting for its backoff',
      facts({ record: vmRecord('Always', failed) }),
      'CrashLoopBackOff',
    ],
    ['a failure that nobody will repair', facts({ record: vmRecord('Once', failed) }), 'Stopped'],
    [
      'a clean end',
      facts({ record: vmRecord('RerunOnFailure', { lastRun: 'Succeeded' }) }),
      'Stopped',
    ],
    ['a VM that a pass is about to start', facts({ record: vmRecord('Always') }), 'Starting'],
    ['a halted VM', facts({ record: vmRecord('Halted') }), 'Stopped'],
    ...(['Provisioning', 'DataVolumeError', 'ErrImagePull', 'ImagePullBackOff'] as const).map(
      (provisioning) =>
        [`a start that is in ${provisioning}`, facts({ provisioning }), provisioning] as const,
    ),
  ])('of %s', ([, situation, expected]) => {
    expect(printableStatus(situation)).toBe(expected);
  });
});

describe('the conditions', () => {
  const conditions = (change: object) => {
    const input = {
      record: running,
      vm: virtualMachine('Always'),
      problems: [],
      runState: 'running',
      unresponsive: false,
      loops: false,
    };
    return vmConditions({ ...input, ...change }).map((c) =>
      `${c.type}=${c.status} ${c.reason ?? ''}`.trim(),
    );
  };

  test.for<readonly [string, object, readonly string[]]>([
    ['a running guest', {}, ['Ready=True']],
    ['no instance', { record: vmRecord('Always') }, ['Ready=False VMINotExists']],
    [
      'an image that could not be pulled',
      { record: vmRecord('Always'), held: { by: 'image-pull-failed', message: 'no' } },
      ['Ready=False VMINotExists', 'Synchronized=False ErrImagePull'],
    ],
    [
      'a guest whose readiness probe has told nothing yet',
      { record: vmRecord('Always', { instance: instanceRecord({ spec: PROBED }) }), vm: undefined },
      ['Ready=False ContainersNotReady'],
    ],
    [
      'a guest that is ready',
      {
        record: vmRecord('Always', {
          instance: instanceRecord({ spec: PROBED, readiness: { ready: true, since: NOW } }),
        }),
        vm: undefined,
      },
      ['Ready=True'],
    ],
    [
      'a guest that is not ready and is paused',
      {
        record: vmRecord('Always', { instance: instanceRecord({ spec: PROBED }) }),
        vm: undefined,
        runState: 'paused',
      },
      ['Ready=False GuestNotRunning', 'Paused=True Paused'],
    ],
    [
      'paused by a user',
      {
        record: vmRecord('Always', { instance: instanceRecord({ pausedByUser: true }) }),
        runState: 'paused',
      },
      ['Ready=False GuestNotRunning', 'Paused=True PausedByUser'],
    ],
    [
      'paused on a disk error',
      { runState: 'io-error' },
      ['Ready=False GuestNotRunning', 'Paused=True PausedIOError'],
    ],
    [
      'a QEMU that does not answer',
      { unresponsive: true },
      ['Ready=True', 'MonitorUnresponsive=True NoAnswer'],
    ],
    ['a guest in a reboot loop', { loops: true }, ['Ready=True', 'RebootLoop=True GuestResets']],
    [
      'a template that was edited under a running guest',
      { vm: virtualMachine('Always', { memoryBytes: 2 ** 30 }) },
      ['Ready=True', 'RestartRequired=True RestartRequired'],
    ],
    [
      'a template that only reads differently',
      { vm: { ...virtualMachine('Always'), manifest: {} } },
      ['Ready=True'],
    ],
    [
      'a broken file',
      {
        problems: [
          { code: 'x', severity: 'error', path: 'spec', line: 3, column: 5, message: 'bad' },
        ],
      },
      ['Ready=True', 'ManifestInvalid=True ManifestInvalid'],
    ],
    [
      'a mere warning',
      {
        problems: [
          { code: 'x', severity: 'warning', path: 'spec', line: 3, column: 5, message: 'hm' },
        ],
      },
      ['Ready=True'],
    ],
  ])('of %s', ([, change, expected]) => {
    expect(conditions(change)).toEqual(expected);
  });

  test('RestartRequired names the fields', () => {
    const before = { spec: { domain: { memory: { guest: '128Mi' } } } };
    const after = { spec: { domain: { memory: { guest: '1Gi' } } } };
    const [, condition] = vmConditions({
      record: vmRecord('Always', { instance: instanceRecord({ template: before }) }),
      vm: {
        ...virtualMachine('Always'),
        template: { labels: {}, annotations: {}, spec: instanceSpec({ memoryBytes: 2 ** 30 }) },
        manifest: { spec: { template: after } },
      },
      problems: [],
      runState: 'running',
      unresponsive: false,
      loops: false,
    });
    expect(condition?.message).toContain('spec.template.spec.domain.memory.guest');
  });
});
