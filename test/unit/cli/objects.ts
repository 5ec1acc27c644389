/**
 * Builders of API objects, so that a test states only what it is about.
 */
import type { InstanceView, VmObject, VmStatus } from '../../../src/api/contract.ts';
import type { EventObject } from '../../../src/api/contract-event.ts';
import type { HostInfo } from '../../../src/api/contract-host.ts';
import type { ObjectList, StatusObject } from '../../../src/api/contract-meta.ts';
import type { RunView } from '../../../src/api/contract-runs.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import type { Problem } from '../../../src/core/model/problem.ts';
import type { VerdictReason } from '../../../src/core/model/verdict.ts';

export const NOW = Date.parse('2026-11-22T12:00:00Z');

/** RFC 3339 of an instant `seconds` before NOW (after it when negative). */
export function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

interface VmParts {
  readonly namespace?: string;
  readonly spec?: JsonObject;
  readonly status?: Partial<VmStatus>;
}

export function vmObject(name: string, parts: VmParts = {}): VmObject {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: {
      name,
      namespace: parts.namespace ?? 'default',
      uid: `vm-${name}`,
      resourceVersion: '7',
      creationTimestamp: ago(3600),
    },
    spec: parts.spec ?? { runStrategy: 'Always' },
    status: {
      created: false,
      ready: false,
      printableStatus: 'Stopped',
      conditions: [],
      file: `/etc/solovirt/vms/${name}.yaml`,
      runHistory: [],
      ...parts.status,
    },
  };
}

export function instance(uid: string, parts: Partial<InstanceView> = {}): InstanceView {
  return {
    uid,
    phase: 'Running',
    startedAt: ago(301),
    runningAt: ago(300),
    pid: 4711,
    runState: 'running',
    resets: 0,
    ...parts,
  };
}

export function running(uid: string, parts: Partial<InstanceView> = {}): Partial<VmStatus> {
  return { printableStatus: 'Running', instance: instance(uid, parts) };
}

export function run(uid: string, reason: VerdictReason, parts: Partial<RunView> = {}): RunView {
  const succeeded = ['GuestShutdown', 'StoppedByCommand', 'StoppedByFile', 'ForcedOff'];
  return {
    uid,
    startedAt: ago(61),
    runningAt: ago(60),
    endedAt: ago(2),
    verdict: {
      outcome: succeeded.includes(reason) ? 'Succeeded' : 'Failed',
      reason,
      initiator: 'guest',
      message: `The end was ${reason}.`,
    },
    ...parts,
  };
}

export function listOf<T>(items: readonly T[], resourceVersion = '7'): ObjectList<T> {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'List',
    metadata: { resourceVersion },
    items,
  };
}

export function eventObject(uid: string, parts: Partial<EventObject> = {}): EventObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `demo.${uid}`,
      namespace: 'default',
      uid,
      resourceVersion: '8',
      creationTimestamp: ago(10),
    },
    involvedObject: {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      namespace: 'default',
      name: 'demo',
    },
    type: 'Normal',
    reason: 'Started',
    message: 'The guest runs.',
    firstTimestamp: ago(10),
    lastTimestamp: ago(10),
    count: 1,
    source: { component: 'solovirt', host: 'host' },
    eventTime: null,
    reportingComponent: 'solovirt',
    reportingInstance: 'host',
    ...parts,
  };
}

export function refusal(code: number, message: string, reason = 'Conflict'): StatusObject {
  return {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  };
}

export function hostInfo(parts: Partial<HostInfo> = {}): HostInfo {
  return {
    kind: 'HostInfo',
    apiVersion: 'solovirt.io/v1',
    version: '0.1.0',
    pid: 77,
    startedAt: ago(7200),
    node: 'box',
    qemu: { path: '/usr/bin/qemu-system-x86_64', version: '7.2.22' },
    accelerator: { name: 'tcg', reason: '/dev/kvm opens but runs nothing' },
    directories: {
      vms: '/etc/solovirt/vms',
      images: '/var/lib/solovirt/images',
      state: '/var/lib/solovirt',
      runtime: '/run/solovirt',
    },
    socket: '/run/solovirt/solovirt.sock',
    bridges: { maker: 'daemon' },
    strategyTable: 'default',
    counts: { vms: 0, running: 0, invalid: 0 },
    warnings: [],
    ...parts,
  };
}

/** What a misspelt field gives. */
export const PROBLEM: Problem = {
  code: 'unknown-field',
  severity: 'error',
  path: 'spec.runStratgy',
  line: 3,
  column: 5,
  message: 'unknown field; did you mean runStrategy?',
};

/** Shut down by its guest a while ago. */
export const web: VmObject = vmObject('web', {
  spec: { runStrategy: 'RerunOnFailure' },
  status: { runHistory: [run('r1', 'GuestShutdown', { endedAt: ago(300) })] },
});
export const demo: VmObject = vmObject('demo', { status: running('i1', { resets: 2 }) });
