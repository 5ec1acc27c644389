/**
 * What a VM object says, in the words of `list` and `describe`. Pure.
 */
import type { VmObject } from '../../api/contract.ts';
import { formatProblem } from '../../core/model/problem.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { formatAge, formatUntil, parseTime } from './age.ts';
import { lastEndWords } from './verdict-words.ts';

export function identityOf(vm: VmObject): VmIdentity {
  return { namespace: vm.metadata.namespace, name: vm.metadata.name };
}

export interface DeclaredStrategy {
  readonly field: 'runStrategy' | 'running';
  /** As the file writes it: a strategy, or `true` / `false`. */
  readonly written: string;
  /** As a strategy: `running: true` is Always, `running: false` Halted (KubeVirt `types.go`). */
  readonly strategy: string;
}

/** What the VM's file asks for; undefined when it says nothing that can be understood. */
export function declaredStrategy(vm: VmObject): DeclaredStrategy | undefined {
  const { runStrategy, running } = vm.spec;
  if (typeof runStrategy === 'string')
    return { field: 'runStrategy', written: runStrategy, strategy: runStrategy };
  if (typeof running !== 'boolean') return undefined;
  return { field: 'running', written: `${running}`, strategy: running ? 'Always' : 'Halted' };
}

export function strategyCell(vm: VmObject): string {
  return declaredStrategy(vm)?.strategy ?? vm.status.runStrategy ?? '-';
}

/** Uptime of a running instance, else how long the VM has been known. */
export function ageCell(vm: VmObject, now: number): string {
  const since = parseTime(vm.status.instance?.runningAt ?? vm.metadata.creationTimestamp);
  return since === undefined ? '-' : formatAge(now - since);
}

/** The last verdict in plain words, the next try of a crash loop, or what is wrong with an invalid file. */
export function lastEndCell(vm: VmObject, now: number): string {
  const { printableStatus, runHistory } = vm.status;
  if (printableStatus === 'Invalid') return firstProblem(vm) ?? '-';
  const [last] = runHistory;
  const ended = last === undefined ? '-' : lastEndWords(last, now);
  const retry = nextTry(vm, now);
  if (retry !== undefined) return `${ended}, next try ${retry}`;
  const held = heldWords(vm, now);
  if (held === undefined) return ended;
  return last === undefined ? held : `${ended}, ${held}`;
}

/** `waiting for db to run`, `starts in 12s`: what keeps a start or a stop that is due. */
export function heldWords(vm: VmObject, now: number): string | undefined {
  const { held } = vm.status;
  if (held === undefined) return undefined;
  const until = parseTime(held.until);
  return until === undefined ? held.message : `starts ${formatUntil(until, now)}`;
}

/** `in 42s`, while a VM waits for its next start. */
export function nextTry(vm: VmObject, now: number): string | undefined {
  if (vm.status.printableStatus !== 'CrashLoopBackOff') return undefined;
  const at = parseTime(vm.status.startFailure?.retryAfterTimestamp);
  return at === undefined ? undefined : formatUntil(at, now);
}

/** Longest problem that is shown in a table. */
const MAX_PROBLEM = 90;

function firstProblem(vm: VmObject): string | undefined {
  const problems = vm.status.problems ?? [];
  const problem = problems.find(({ severity }) => severity === 'error') ?? problems[0];
  if (problem === undefined) return undefined;
  const text = formatProblem(baseName(vm.status.file ?? '-'), problem);
  return text.length > MAX_PROBLEM ? `${text.slice(0, MAX_PROBLEM - 1)}…` : text;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Why the VM is in the state it is in: the half sentence after the status in `describe`. */
export function statusReason(vm: VmObject, now: number): string {
  const { status } = vm;
  switch (status.printableStatus) {
    case 'Running':
      return joined(`for ${ageCell(vm, now)}`, heldWords(vm, now));
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
      return 'its disks are being prepared';
  }
}

function joined(words: string, more: string | undefined): string {
  return more === undefined ? words : `${words}; ${more}`;
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
