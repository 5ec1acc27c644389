/** Builders: a test states only what matters to it. */
import type { Evidence, Intent, QmpEvent } from '../../src/core/model/evidence.ts';
import type { Json } from '../../src/core/model/json.ts';
import type { ProbeSpec } from '../../src/core/model/probe.ts';
import type { InstanceRecord, StopRecord, VmRecord } from '../../src/core/model/record.ts';
import type {
  InstanceSpec,
  RunStrategy,
  VirtualMachine,
} from '../../src/core/model/virtual-machine.ts';

export const NOW = 1_800_000_000_000;

export function instanceSpec(change: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    cpu: { sockets: 1, cores: 1, threads: 1, model: 'host-model' },
    memoryBytes: 128 * 1024 * 1024,
    machineType: 'q35',
    acpi: true,
    disks: [],
    interfaces: [],
    rng: false,
    panicDevices: ['pvpanic'],
    graphics: false,
    serialConsole: true,
    memBalloon: false,
    inputDevice: false,
    gracePeriodSeconds: 30,
    startPaused: false,
    rebootPolicy: 'Reboot',
    ...change,
  };
}

/** A probe of the agent, with KubeVirt's defaults. */
export function probeSpec(change: Partial<ProbeSpec> = {}): ProbeSpec {
  return {
    check: { kind: 'guestAgentPing' },
    initialDelaySeconds: 0,
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
    ...change,
  };
}

export function virtualMachine(
  runStrategy: RunStrategy,
  spec: Partial<InstanceSpec> = {},
): VirtualMachine {
  return {
    namespace: 'default',
    name: 'web',
    labels: {},
    annotations: {},
    runStrategy,
    strategyField: 'runStrategy',
    template: { labels: {}, annotations: {}, spec: instanceSpec(spec) },
    startOrder: { after: [], delayMs: 0 },
    manifest: { spec: { runStrategy, template: { spec: {} } } },
  };
}

export function vmRecord(strategy: RunStrategy, change: Partial<VmRecord> = {}): VmRecord {
  return {
    namespace: 'default',
    name: 'web',
    uid: '6c1b1a52-6a8f-4d0e-9d8d-3a3a3a3a3a3a',
    createdAt: NOW - 1000,
    generation: 1,
    source: { path: '/vms/web.yaml', index: 0, text: '' },
    strategy,
    lastRun: 'NeverRan',
    backoff: { unstable: 0 },
    ...change,
  };
}

export function instanceRecord(change: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    uid: '0d6e1c6e-9f9a-4a51-8f39-111111111111',
    phase: 'Running',
    createdAt: NOW - 1000,
    startedAt: NOW - 1000,
    startPaused: false,
    gracePeriodSeconds: 30,
    acpi: true,
    template: {},
    spec: instanceSpec(),
    pausedByUser: false,
    ...change,
  };
}

export function stopRecord(change: Partial<StopRecord> = {}): StopRecord {
  return { initiator: 'command', gracePeriodSeconds: 30, since: NOW, ...change };
}

export function qmpEvent(event: string, data: Record<string, Json> = {}, at = NOW): QmpEvent {
  return { event, data, at };
}

export const RESUME = qmpEvent('RESUME');

export function shutdown(reason: string): QmpEvent {
  return qmpEvent('SHUTDOWN', { guest: reason.startsWith('guest-'), reason });
}

export function intent(action: Intent['action'], change: Partial<Intent> = {}): Intent {
  return { action, initiator: 'command', gracePeriodSeconds: 30, at: NOW, ...change };
}

export function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    alive: false,
    sameBoot: true,
    events: [RESUME],
    intents: [],
    stderrTail: '',
    consoleTail: '',
    ...change,
  };
}

export const exited = (code: number) => ({ kind: 'exited', code }) as const;
export const signaled = (signal: number) => ({ kind: 'signaled', signal }) as const;
