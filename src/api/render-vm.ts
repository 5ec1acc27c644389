/** A VM's snapshot as KubeVirt's VirtualMachine object, with solovirt's additions in `status`. Pure. */
import type { JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import type { RunEntry, StopRecord, VmRecord } from '../core/model/record.ts';
import type { Verdict } from '../core/model/verdict.ts';
import { printableStatus, provisioningOf } from '../core/status/printable-status.ts';
import type { TimedCondition } from '../core/status/transition-times.ts';
import { graceDeadline } from '../core/strategy/stop-ladder.ts';
import type { HeldSnapshot, VmSnapshot } from '../supervisor/snapshot.ts';
import type { HeldView, InstanceView, StopView, VmObject, VmStatus } from './contract.ts';
import type { Condition } from './contract-meta.ts';
import type { RunView } from './contract-runs.ts';
import { renderGuest } from './render-guest.ts';
import { renderPlugged } from './render-plugged.ts';
import { rfc3339 } from './rfc3339.ts';

export function renderVm(snapshot: VmSnapshot): VmObject {
  const { record, vm, terminatingSince } = snapshot;
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: {
      name: snapshot.name,
      namespace: snapshot.namespace,
      uid: snapshot.uid,
      resourceVersion: String(snapshot.resourceVersion),
      ...(record === undefined ? {} : { generation: record.generation }),
      creationTimestamp: rfc3339(record?.createdAt ?? snapshot.seenAt),
      ...(terminatingSince === undefined
        ? {}
        : {
            deletionTimestamp: rfc3339(terminatingSince),
            deletionGracePeriodSeconds:
              record?.instance?.stop?.gracePeriodSeconds ??
              record?.instance?.gracePeriodSeconds ??
              0,
          }),
      ...(vm === undefined ? {} : filled({ labels: vm.labels, annotations: vm.annotations })),
    },
    spec: vm === undefined ? {} : asObject(vm.manifest['spec']),
    status: renderStatus(snapshot),
  };
}

/** As Kubernetes writes it: what is empty is absent. */
export function filled<T extends Readonly<Record<string, object>>>(fields: T): Partial<T> {
  const entries = Object.entries(fields).filter(([, value]) => Object.keys(value).length > 0);
  return Object.fromEntries(entries) as Partial<T>;
}

function renderStatus(snapshot: VmSnapshot): VmStatus {
  const { record, instance, problems, file } = snapshot;
  const runState = instance?.runState;
  const terminating = snapshot.terminatingSince !== undefined;
  const status = printableStatus({
    record,
    valid: snapshot.vm !== undefined,
    terminating,
    runState,
    ...provisioningOf(snapshot.held?.by),
    draining: snapshot.held?.by === 'draining',
  });
  const conditions = snapshot.conditions.map(renderCondition);
  return {
    created: record?.instance !== undefined,
    ready: conditions.some((c) => c.type === 'Ready' && c.status === 'True'),
    printableStatus: status,
    ...(record === undefined ? {} : { runStrategy: record.strategy, ...generations(record) }),
    conditions,
    ...startFailure(snapshot),
    ...stateChangeRequests(record),
    ...(problems.length === 0 ? {} : { problems }),
    ...(file === undefined ? {} : { file }),
    ...(record?.instance === undefined ? {} : { instance: renderLive(snapshot, record) }),
    ...(snapshot.held === undefined ? {} : { held: renderHeld(snapshot.held) }),
    runHistory: snapshot.history.map(renderRun),
  };
}

function renderHeld({ by, message, until }: HeldSnapshot): HeldView {
  return { by, message, ...(until === undefined ? {} : { until: rfc3339(until) }) };
}

function generations({
  generation,
  instance,
}: VmRecord): Pick<VmStatus, 'desiredGeneration' | 'observedGeneration'> {
  const observed = instance?.generation;
  return {
    desiredGeneration: generation,
    ...(observed === undefined ? {} : { observedGeneration: observed }),
  };
}

export function renderCondition({ since, ...condition }: TimedCondition): Condition {
  return { ...condition, lastTransitionTime: rfc3339(since) };
}

function startFailure({ record, history }: VmSnapshot): Pick<VmStatus, 'startFailure'> {
  const { unstable, retryAt } = record?.backoff ?? { unstable: 0 };
  if (unstable === 0) return {};
  const uid = history[0]?.uid;
  return {
    startFailure: {
      consecutiveFailCount: unstable,
      ...(uid === undefined ? {} : { lastFailedVMIUID: uid }),
      ...(retryAt === undefined ? {} : { retryAfterTimestamp: rfc3339(retryAt) }),
    },
  };
}

/** KubeVirt's queue of open wishes (`VirtualMachineStateChangeRequest`). */
function stateChangeRequests(record: VmRecord | undefined): Pick<VmStatus, 'stateChangeRequests'> {
  const stop = record?.instance?.stop === undefined ? [] : [stopRequest(record.instance.uid)];
  const start =
    record?.startRequest === undefined ? [] : [startRequest(record.startRequest.paused)];
  const requests = [...stop, ...start];
  return requests.length === 0 ? {} : { stateChangeRequests: requests };
}

function stopRequest(uid: string): JsonObject {
  return { action: 'Stop', uid };
}

function startRequest(paused: boolean): JsonObject {
  return paused ? { action: 'Start', data: { paused: 'true' } } : { action: 'Start' };
}

function renderLive(snapshot: VmSnapshot, record: VmRecord): InstanceView {
  const { instance } = record;
  if (instance === undefined) throw new Error('a VM without an instance has no instance view');
  const { startedAt, runningAt, process, stop } = instance;
  const runState = snapshot.instance?.runState;
  return {
    uid: instance.uid,
    phase: instance.phase,
    ...(startedAt === undefined ? {} : { startedAt: rfc3339(startedAt) }),
    ...(runningAt === undefined ? {} : { runningAt: rfc3339(runningAt) }),
    ...(process === undefined ? {} : { pid: process.pid }),
    ...(runState === undefined ? {} : { runState }),
    resets: snapshot.instance?.resets ?? 0,
    ...(stop === undefined ? {} : { stop: renderStop(stop) }),
    ...renderPlugged(instance),
    ...renderGuest(record, instance, snapshot.instance),
  };
}

function renderStop(stop: StopRecord): StopView {
  return {
    initiator: stop.initiator,
    since: rfc3339(stop.since),
    gracePeriodSeconds: stop.gracePeriodSeconds,
    deadline: rfc3339(graceDeadline(stop)),
    ...(stop.agentAt === undefined ? {} : { agentAskedAt: rfc3339(stop.agentAt) }),
    ...(stop.rung === undefined ? {} : { rung: stop.rung }),
  };
}

export function renderRun(run: RunEntry): RunView {
  return {
    uid: run.uid,
    startedAt: rfc3339(run.startedAt),
    ...(run.runningAt === undefined ? {} : { runningAt: rfc3339(run.runningAt) }),
    endedAt: rfc3339(run.endedAt),
    verdict: renderVerdict(run.verdict),
  };
}

function renderVerdict({ outcome, reason, initiator, message }: Verdict): RunView['verdict'] {
  return { outcome, reason, initiator, message };
}
