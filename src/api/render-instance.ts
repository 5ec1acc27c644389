/**
 * A VM's instance as KubeVirt's VirtualMachineInstance object. Pure. The object is there while an instance lives;
 * under Manual and Once the finished one stays until the next start, as in KubeVirt.
 */
import { hostname } from 'node:os';
import { asObject } from '../core/model/json.ts';
import type { InstanceRecord, Phase, RunEntry } from '../core/model/record.ts';
import { instanceConditions } from '../core/status/conditions.ts';
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import type { InstanceObject, ObjectMeta } from './contract.ts';
import { rfc3339 } from './render-vm.ts';

export function renderInstance(snapshot: VmSnapshot): InstanceObject | undefined {
  const live = snapshot.record?.instance;
  if (live !== undefined) return renderLive(snapshot, live);
  const strategy = snapshot.record?.strategy;
  const [last] = snapshot.history;
  const kept = strategy === 'Manual' || strategy === 'Once';
  return kept && last !== undefined ? renderFinished(snapshot, last) : undefined;
}

function renderLive(snapshot: VmSnapshot, instance: InstanceRecord): InstanceObject {
  const facts = instanceConditions({
    record: snapshot.record,
    vm: snapshot.vm,
    problems: [],
    runState: snapshot.instance?.runState,
    unresponsive: snapshot.instance?.unresponsive ?? false,
  });
  const { stop } = instance;
  const deletion =
    stop === undefined
      ? {}
      : {
          deletionTimestamp: rfc3339(stop.since),
          deletionGracePeriodSeconds: stop.gracePeriodSeconds,
        };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { ...metadata(snapshot, instance.uid, instance.createdAt), ...deletion },
    spec: asObject(instance.template['spec']),
    status: {
      phase: instance.phase,
      nodeName: hostname(),
      conditions: facts.map((condition) => ({ ...condition, lastTransitionTime: null })),
      phaseTransitionTimestamps: [
        transition('Pending', instance.createdAt),
        ...(instance.runningAt === undefined ? [] : [transition('Running', instance.runningAt)]),
      ],
    },
  };
}

function renderFinished(snapshot: VmSnapshot, run: RunEntry): InstanceObject {
  const { outcome, reason } = run.verdict;
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: metadata(snapshot, run.uid, run.startedAt),
    spec: asObject(asObject(asObject(snapshot.vm?.manifest['spec'])['template'])['spec']),
    status: {
      phase: outcome,
      nodeName: hostname(),
      conditions: [
        { type: 'Ready', status: 'False', reason: 'GuestNotRunning', lastTransitionTime: null },
      ],
      phaseTransitionTimestamps: [
        transition('Pending', run.startedAt),
        ...(run.runningAt === undefined ? [] : [transition('Running', run.runningAt)]),
        transition(outcome, run.endedAt),
      ],
      reason,
    },
  };
}

function metadata(snapshot: VmSnapshot, uid: string, createdAt: number): ObjectMeta {
  return {
    name: snapshot.name,
    namespace: snapshot.namespace,
    uid,
    resourceVersion: String(snapshot.resourceVersion),
    creationTimestamp: rfc3339(createdAt),
    labels: snapshot.vm?.template.labels ?? {},
    annotations: snapshot.vm?.template.annotations ?? {},
    ownerReferences: [
      {
        apiVersion: 'kubevirt.io/v1',
        kind: 'VirtualMachine',
        name: snapshot.name,
        uid: snapshot.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

function transition(
  phase: Phase,
  at: number,
): {
  readonly phase: Phase;
  readonly phaseTransitionTimestamp: string;
} {
  return { phase, phaseTransitionTimestamp: rfc3339(at) };
}
