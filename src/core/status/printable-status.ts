/**
 * The one word that tables show. First match wins, in KubeVirt's order (`pkg/virt-controller/watch/vm/vm.go`
 * setPrintableStatus): what the user asked for hides what is going on beneath it.
 */
import type { VmRecord } from '../model/record.ts';
import type { Hold } from '../strategy/action.ts';
import { WISHES } from '../strategy/run-strategy.ts';

export type PrintableStatus =
  | 'Stopped'
  | 'Provisioning'
  | 'DataVolumeError'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'Starting'
  | 'Running'
  | 'Paused'
  | 'Stopping'
  | 'Terminating'
  | 'CrashLoopBackOff'
  | 'Invalid';

export interface StatusFacts {
  /** Undefined for a file that was never valid, and before a valid one could be recorded. */
  readonly record: VmRecord | undefined;
  /** What is in force is valid. */
  readonly valid: boolean;
  /** The document was removed. */
  readonly terminating: boolean;
  /** QMP's run state of the live instance. */
  readonly runState: string | undefined;
  /** What keeps its start, as far as its disks and images go. */
  readonly provisioning?: ProvisioningStatus;
  /** Nothing is started at present. */
  readonly draining: boolean;
}

type ProvisioningStatus = Extract<
  PrintableStatus,
  'Provisioning' | 'DataVolumeError' | 'ErrImagePull' | 'ImagePullBackOff'
>;

const PROVISIONING: Readonly<Partial<Record<Hold, ProvisioningStatus>>> = {
  provisioning: 'Provisioning',
  'provisioning-failed': 'DataVolumeError',
  'image-pull-failed': 'ErrImagePull',
  'image-pull-back-off': 'ImagePullBackOff',
};

/** What a start that is held up says of the VM's disks and images. */
export function provisioningOf(hold: Hold | undefined): Pick<StatusFacts, 'provisioning'> {
  const provisioning = hold && PROVISIONING[hold];
  return provisioning === undefined ? {} : { provisioning };
}

/** Run states in which a live guest's CPUs stand still (QAPI `RunState`). */
const HALTED_STATES = new Set([
  'paused',
  'io-error',
  'prelaunch',
  'suspended',
  'watchdog',
  'guest-panicked',
  'internal-error',
  'debug',
]);

interface KnownFacts extends StatusFacts {
  readonly record: VmRecord;
}

const ORDER: readonly (readonly [PrintableStatus, (facts: KnownFacts) => boolean])[] = [
  ['Terminating', (f) => f.terminating],
  ['Stopping', (f) => f.record.instance?.stop !== undefined],
  ['Paused', (f) => f.record.instance?.phase === 'Running' && isHalted(f.runState)],
  ['Running', (f) => f.record.instance?.phase === 'Running'],
  ['Stopped', (f) => f.record.instance === undefined && f.draining],
  ['Provisioning', (f) => f.provisioning === 'Provisioning'],
  ['DataVolumeError', (f) => f.provisioning === 'DataVolumeError'],
  ['ErrImagePull', (f) => f.provisioning === 'ErrImagePull'],
  ['ImagePullBackOff', (f) => f.provisioning === 'ImagePullBackOff'],
  ['Starting', (f) => f.record.instance !== undefined || f.record.startRequest !== undefined],
  ['CrashLoopBackOff', (f) => f.record.backoff.retryAt !== undefined && wantsStart(f.record)],
  ['Starting', (f) => wantsStart(f.record)],
  ['Stopped', () => true],
];

export function printableStatus(facts: StatusFacts): PrintableStatus {
  const { record } = facts;
  if (record === undefined) return facts.valid ? 'Stopped' : 'Invalid';
  const row = ORDER.find(([, holds]) => holds({ ...facts, record }));
  return row === undefined ? 'Stopped' : row[0];
}

/** True while the guest's CPUs do not run although the instance lives. */
export function isHalted(runState: string | undefined): boolean {
  return runState !== undefined && HALTED_STATES.has(runState);
}

function wantsStart(record: VmRecord): boolean {
  return WISHES[record.strategy][record.lastRun] === 'start';
}
