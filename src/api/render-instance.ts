/**
 * A VM's instance as KubeVirt's VirtualMachineInstance object. Pure. The object is there while an instance lives;
 * under Manual and Once the finished one stays until the next start, as in KubeVirt.
 */
import { hostname } from 'node:os';
import type { JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import type { InstanceRecord, Phase } from '../core/model/record.ts';
import {
  type FinishedFacts,
  type InstanceFacts,
  instanceFacts,
  type LiveFacts,
  type VmSnapshot,
} from '../supervisor/snapshot.ts';
import type { InstanceObject } from './contract.ts';
import type { PhaseTransition } from './contract-instance.ts';
import type { ObjectMeta } from './contract-meta.ts';
import { renderMachine } from './render-machine.ts';
import { filled, renderCondition } from './render-vm.ts';
import { rfc3339 } from './rfc3339.ts';

export function renderInstance(snapshot: VmSnapshot): InstanceObject | undefined {
  const facts = instanceFacts(snapshot);
  if (facts === undefined) return undefined;
  const version = snapshot.instanceVersion;
  return facts.kind === 'live' ? renderLive(facts, version) : renderFinished(facts, version);
}

function renderLive(facts: LiveFacts, version: number): InstanceObject {
  const { instance } = facts;
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
    metadata: { ...metadata(facts, version, instance.uid, instance.createdAt), ...deletion },
    spec: asObject(facts.template['spec']),
    status: {
      phase: instance.phase,
      nodeName: hostname(),
      conditions: facts.conditions.map(renderCondition),
      phaseTransitionTimestamps: passed(instance, instance.createdAt),
      ...renderMachine(facts),
    },
  };
}

function renderFinished(facts: FinishedFacts, version: number): InstanceObject {
  const { run } = facts;
  const { outcome, reason, message } = run.verdict;
  const endedAt = rfc3339(run.endedAt);
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: metadata(facts, version, run.uid, run.startedAt),
    spec: asObject(facts.template['spec']),
    status: {
      phase: outcome,
      nodeName: hostname(),
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'GuestNotRunning',
          message,
          lastTransitionTime: endedAt,
        },
      ],
      phaseTransitionTimestamps: [
        ...passed(run, run.startedAt),
        { phase: outcome, phaseTransitionTimestamp: endedAt },
      ],
      reason,
    },
  };
}

/** The phases that were passed, as far as anybody noted it. */
function passed(
  { scheduledAt, runningAt }: Pick<InstanceRecord, 'scheduledAt' | 'runningAt'>,
  pendingAt: number,
): readonly PhaseTransition[] {
  const times: readonly (readonly [Phase, number | undefined])[] = [
    ['Pending', pendingAt],
    ['Scheduled', scheduledAt],
    ['Running', runningAt],
  ];
  return times.flatMap(([phase, at]) =>
    at === undefined ? [] : [{ phase, phaseTransitionTimestamp: rfc3339(at) }],
  );
}

function metadata(
  { namespace, name, vmUid, template }: InstanceFacts,
  version: number,
  uid: string,
  createdAt: number,
): ObjectMeta {
  const { labels, annotations } = asObject(template['metadata']);
  return {
    name,
    namespace,
    uid,
    resourceVersion: String(version),
    creationTimestamp: rfc3339(createdAt),
    labels: {
      ...texts(asObject(labels)),
      'kubevirt.io/nodeName': hostname(),
      'vm.kubevirt.io/name': name,
    },
    ...filled({ annotations: texts(asObject(annotations)) }),
    ownerReferences: [
      {
        apiVersion: 'kubevirt.io/v1',
        kind: 'VirtualMachine',
        name,
        uid: vmUid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

function texts(values: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
