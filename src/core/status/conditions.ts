/**
 * The conditions of a VM and of its instance: KubeVirt's types (`VirtualMachineConditionType`,
 * `VirtualMachineInstanceConditionType`) and some of ours.
 */
import type { GuestStatus } from '../agent/guest-status.ts';
import { changedFields } from '../manifest/changed-fields.ts';
import type { JsonObject } from '../model/json.ts';
import { asObject } from '../model/json.ts';
import type { Problem } from '../model/problem.ts';
import type { ReadinessRecord, VmRecord } from '../model/record.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';
import { isReady } from '../probe/probe-time.ts';
import type { Hold } from '../strategy/action.ts';
import { isHalted, provisioningOf } from './printable-status.ts';

export interface ConditionFacts {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

export interface ConditionInput {
  readonly record: VmRecord | undefined;
  readonly vm: VirtualMachine | undefined;
  readonly problems: readonly Problem[];
  readonly runState: string | undefined;
  /** QEMU lives but does not answer its monitor. */
  readonly unresponsive: boolean;
  /** The guest is reset again and again. */
  readonly loops: boolean;
  /** Absent when no agent is there. */
  readonly guest?: GuestStatus;
  /** Absent where the agent is to bring none into the guest. */
  readonly credentials?: CredentialStanding;
  /** What a start waits for, if it waits. */
  readonly held?: { readonly by: Hold; readonly message: string };
}

/** Whether the guest has the credentials that its agent is to bring. */
export type CredentialStanding =
  | { readonly kind: 'in-sync' }
  | { readonly kind: 'waiting' | 'failed'; readonly message: string };

export function vmConditions(input: ConditionInput): readonly ConditionFacts[] {
  return [
    ready(input),
    ...imagePulled(input),
    ...paused(input),
    ...unresponsive(input),
    ...rebootLoop(input),
    ...agentConnected(input),
    ...accessCredentials(input),
    ...restartRequired(input),
    ...manifestInvalid(input),
  ];
}

/** The instance has no manifest of its own, so nothing of the file concerns it. */
export function instanceConditions(input: ConditionInput): readonly ConditionFacts[] {
  return [
    ready(input),
    ...paused(input),
    ...unresponsive(input),
    ...rebootLoop(input),
    ...agentConnected(input),
    ...accessCredentials(input),
    NOT_MIGRATABLE,
  ];
}

/** KubeVirt's `VirtualMachineInstanceReasonNotMigratable`. */
const NOT_MIGRATABLE: ConditionFacts = {
  type: 'LiveMigratable',
  status: 'False',
  reason: 'NotLiveMigratable',
  message: 'solovirt looks after one host: there is none to migrate to',
};

function ready({ record, runState }: ConditionInput): ConditionFacts {
  const instance = record?.instance;
  if (instance === undefined)
    return {
      type: 'Ready',
      status: 'False',
      reason: 'VMINotExists',
      message: 'there is no running instance',
    };
  if (instance.phase !== 'Running' || isHalted(runState))
    return {
      type: 'Ready',
      status: 'False',
      reason: 'GuestNotRunning',
      message: `the guest does not run (${runState ?? instance.phase})`,
    };
  if (!isReady(instance))
    return {
      type: 'Ready',
      status: 'False',
      reason: 'ContainersNotReady',
      message: notReadyWords(instance.readiness),
    };
  return { type: 'Ready', status: 'True' };
}

/** KubeVirt's `VirtualMachineInstanceSynchronized`, with the kubelet's reasons. */
function imagePulled({ held }: ConditionInput): readonly ConditionFacts[] {
  const { provisioning: reason } = provisioningOf(held?.by);
  if (held === undefined || (reason !== 'ErrImagePull' && reason !== 'ImagePullBackOff')) return [];
  return [{ type: 'Synchronized', status: 'False', reason, message: held.message }];
}

/** KubeVirt copies the condition of the guest's pod, reason included (kubelet `ContainersNotReady`). */
function notReadyWords(readiness: ReadinessRecord | undefined): string {
  if (readiness === undefined) return 'the readiness probe has not succeeded yet';
  return `the readiness probe failed: ${readiness.message ?? 'no reason is known'}`;
}

function paused({ record, runState }: ConditionInput): readonly ConditionFacts[] {
  const instance = record?.instance;
  if (instance?.phase !== 'Running' || !isHalted(runState)) return [];
  if (runState === 'io-error')
    return [
      {
        type: 'Paused',
        status: 'True',
        reason: 'PausedIOError',
        message: 'a disk error paused the guest; it is resumed again and again, ever more slowly',
      },
    ];
  const reason = instance.pausedByUser ? 'PausedByUser' : 'Paused';
  return [{ type: 'Paused', status: 'True', reason, message: `QEMU's run state: ${runState}` }];
}

function unresponsive({ unresponsive }: ConditionInput): readonly ConditionFacts[] {
  if (!unresponsive) return [];
  return [
    {
      type: 'MonitorUnresponsive',
      status: 'True',
      reason: 'NoAnswer',
      message: 'QEMU lives but does not answer over QMP',
    },
  ];
}

function rebootLoop({ loops }: ConditionInput): readonly ConditionFacts[] {
  if (!loops) return [];
  return [
    {
      type: 'RebootLoop',
      status: 'True',
      reason: 'GuestResets',
      message: 'the guest is reset again and again, each time within a minute',
    },
  ];
}

/** KubeVirt's `VirtualMachineInstanceAgentConnected`, which is absent without an agent. */
function agentConnected({ guest }: ConditionInput): readonly ConditionFacts[] {
  if (guest === undefined) return [];
  if (guest.agent === 'connected') return [{ type: 'AgentConnected', status: 'True' }];
  return [
    {
      type: 'AgentConnected',
      status: 'False',
      reason: 'AgentNotResponding',
      message: 'the guest agent does not answer',
    },
  ];
}

/** KubeVirt's `VirtualMachineInstanceAccessCredentialsSynchronized`. */
function accessCredentials({ credentials }: ConditionInput): readonly ConditionFacts[] {
  if (credentials === undefined) return [];
  const type = 'AccessCredentialsSynchronized';
  if (credentials.kind === 'in-sync') return [{ type, status: 'True' }];
  const reason = credentials.kind === 'failed' ? 'AccessCredentialsSyncFailed' : 'AgentNotReady';
  return [{ type, status: 'False', reason, message: credentials.message }];
}

function restartRequired({ record, vm }: ConditionInput): readonly ConditionFacts[] {
  const instance = record?.instance;
  if (instance === undefined || vm === undefined) return [];
  if (JSON.stringify(instance.spec) === JSON.stringify(vm.template.spec)) return [];
  const now = templateOf(vm);
  const inTemplate = changedFields(instance.template, now).map((f) => `spec.template.${f}`);
  // The one thing outside the template that an instance is made from.
  const fields = inTemplate.length === 0 ? ['metadata.annotations'] : inTemplate;
  return [
    {
      type: 'RestartRequired',
      status: 'True',
      reason: 'RestartRequired',
      message: `the next instance will differ in: ${fields.join(', ')}`,
    },
  ];
}

/** `spec.template` as written. */
export function templateOf(vm: VirtualMachine): JsonObject {
  const spec = asObject(vm.manifest['spec']);
  return asObject(spec['template']);
}

function manifestInvalid({ problems }: ConditionInput): readonly ConditionFacts[] {
  const errors = problems.filter((p) => p.severity === 'error');
  const first = errors[0];
  if (first === undefined) return [];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = `line ${first.line}, column ${first.column}`;
  return [
    {
      type: 'ManifestInvalid',
      status: 'True',
      reason: 'ManifestInvalid',
      message: `${where}: ${first.message}${more}`,
    },
  ];
}
