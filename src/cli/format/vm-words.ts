/**
 * What a VM object says, in the words of `list` and `describe`. Pure.
 */
import type { VmObject } from '../../api/contract.ts';
import { heldWords, lastEndCell, lastEndWords, strategyCell } from '../../api/contract-words.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { formatAge, formatUntil, parseTime } from './age.ts';

export { declaredStrategy, lastEndCell, strategyCell } from '../../api/contract-words.ts';

export function identityOf(vm: VmObject): VmIdentity {
  return { namespace: vm.metadata.namespace, name: vm.metadata.name };
}

/** Uptime of a running instance, else how long the VM has been known. */
export function ageCell(vm: VmObject, now: number): string {
  const since = parseTime(vm.status.instance?.runningAt ?? vm.metadata.creationTimestamp);
  return since === undefined ? '-' : formatAge(now - since);
}

/** It runs, and its readiness probe does not succeed. */
export function isUnready({ status }: VmObject): boolean {
  const isFalse = status.conditions.some((c) => c.type === 'Ready' && c.status === 'False');
  return isFalse && status.printableStatus === 'Running';
}

/** `Running`, `Running (not ready)`. */
export function statusCell(vm: VmObject): string {
  const status = vm.status.printableStatus;
  return isUnready(vm) ? `${status} (not ready)` : status;
}

/** Why the VM is in the state it is in: the half sentence after the status in `describe`. */
export function statusReason(vm: VmObject, now: number): string {
  const { status } = vm;
  switch (status.printableStatus) {
    case 'Running':
      return [
        `for ${ageCell(vm, now)}`,
        isUnready(vm) ? unreadyReason(vm) : undefined,
        conditionMessage(vm, 'RebootLoop'),
        heldWords(vm, now),
      ]
        .filter((part) => part !== undefined)
        .join('; ');
    case 'Paused':
      return conditionMessage(vm, 'Paused') ?? 'its CPUs stand still';
    case 'Starting':
      return heldWords(vm, now) ?? `phase ${status.instance?.phase ?? 'Pending'}`;
    case 'Stopping':
    case 'Terminating':
      return stoppingReason(vm, now);
    case 'CrashLoopBackOff':
      return lastEndCell(vm, now);
    case 'Invalid':
      return 'its file has errors, and no valid version of it was ever seen';
    case 'Stopped':
      return joined(stoppedReason(vm, now), heldWords(vm, now));
    case 'Provisioning':
      return status.held?.message ?? 'its disks are being prepared';
    case 'DataVolumeError':
      return status.held?.message ?? 'its disks could not be made';
    case 'ErrImagePull':
    case 'ImagePullBackOff':
      return status.held?.message ?? 'its image could not be pulled';
  }
}

function joined(words: string, more: string | undefined): string {
  return more === undefined ? words : `${words}; ${more}`;
}

function unreadyReason({ status }: VmObject): string {
  const message = status.conditions.find(({ type }) => type === 'Ready')?.message;
  return message === undefined ? 'not ready' : `not ready: ${message}`;
}

function conditionMessage(vm: VmObject, type: string): string | undefined {
  const found = vm.status.conditions.find((c) => c.type === type && c.status === 'True');
  return found?.message ?? found?.reason;
}

function stoppingReason(vm: VmObject, now: number): string {
  const gone = vm.status.printableStatus === 'Terminating' ? 'its file was removed' : '';
  const stop = vm.status.instance?.stop;
  if (stop === undefined) return gone || 'waiting for QEMU to end';
  const deadline = parseTime(stop.deadline);
  const forced = deadline === undefined ? '' : `forced off ${formatUntil(deadline, now)}`;
  return [gone, forced].filter((part) => part !== '').join('; ');
}

const STAYS_DOWN: Readonly<Record<string, string>> = {
  Halted: 'Halted keeps it down',
  Manual: 'Manual waits for a start command',
  Once: 'Once runs a single time',
  RerunOnFailure: 'RerunOnFailure starts it again only after failures',
};

function stoppedReason(vm: VmObject, now: number): string {
  const [last] = vm.status.runHistory;
  const ended = last === undefined ? 'never ran' : lastEndWords(last, now);
  const strategy = strategyCell(vm);
  const rule = Object.hasOwn(STAYS_DOWN, strategy) ? STAYS_DOWN[strategy] : undefined;
  return rule === undefined ? ended : `${ended}; ${rule}`;
}
