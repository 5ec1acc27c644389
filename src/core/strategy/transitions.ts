/**
 * How a VM's record changes: one function per thing that happens, from record to record. Executors store the
 * result before they act, so these functions are the memory of the whole daemon.
 */
import type { Initiator, Rung } from '../model/evidence.ts';
import type {
  CommandEffects,
  InstanceRecord,
  LastRun,
  RunEntry,
  SourceRecord,
  StopRecord,
  VmRecord,
} from '../model/record.ts';
import type { Outcome, Verdict } from '../model/verdict.ts';
import type { RunStrategy, VirtualMachine } from '../model/virtual-machine.ts';
import { type BackoffPolicy, NO_BACKOFF, nextBackoff } from './backoff.ts';
import { lastRunAfterEdit, WISHES } from './run-strategy.ts';
import { isAsking } from './stop-ladder.ts';

/** A VM that is seen for the first time. */
export function registered(
  vm: VirtualMachine,
  source: SourceRecord,
  uid: string,
  now: number,
): VmRecord {
  return {
    namespace: vm.namespace,
    name: vm.name,
    uid,
    createdAt: now,
    generation: 1,
    source,
    strategy: vm.runStrategy,
    lastRun: 'NeverRan',
    backoff: NO_BACKOFF,
  };
}

/**
 * The file's content as it now is. A changed spec counts as a new generation, a changed template clears the
 * backoff (it may be the cure), a changed strategy acts as `strategyChanged` says.
 * @returns the same record when nothing differs
 */
export function edited(
  record: VmRecord,
  source: SourceRecord,
  before: VirtualMachine | undefined,
  after: VirtualMachine,
  now: number,
): VmRecord {
  const sameSource =
    record.source.path === source.path &&
    record.source.index === source.index &&
    record.source.text === source.text;
  if (sameSource && record.strategy === after.runStrategy) return record;
  const specBefore = JSON.stringify(before?.manifest['spec'] ?? null);
  const specChanged = specBefore !== JSON.stringify(after.manifest['spec']);
  const templateChanged =
    before !== undefined && JSON.stringify(before.template) !== JSON.stringify(after.template);
  const next: VmRecord = {
    ...record,
    source,
    ...(specChanged ? { generation: record.generation + 1, editedAt: now } : {}),
    backoff: templateChanged ? NO_BACKOFF : record.backoff,
  };
  return record.strategy === after.runStrategy ? next : strategyChanged(next, after.runStrategy);
}

/** A strategy that keeps the VM down by itself cancels a queued start and clears the backoff, as in KubeVirt. */
export function strategyChanged(record: VmRecord, to: RunStrategy): VmRecord {
  const { startRequest, ...rest } = record;
  const keepsDown = to === 'Halted' || to === 'Manual';
  return {
    ...rest,
    strategy: to,
    lastRun: lastRunAfterEdit(record.strategy, record.lastRun),
    backoff: keepsDown ? NO_BACKOFF : record.backoff,
    ...(startRequest === undefined || to === 'Halted' ? {} : { startRequest }),
  };
}

/** A command's effects; any accepted command clears the backoff. */
export function commanded(record: VmRecord, effects: CommandEffects): VmRecord {
  const { startRequest, ...rest } = record;
  const wish = effects.startRequest === undefined ? startRequest : effects.startRequest;
  const { instance } = record;
  const stop = effects.stop;
  return {
    ...rest,
    backoff: NO_BACKOFF,
    lastRun: effects.lastRun ?? rest.lastRun,
    ...(wish === undefined || wish === null ? {} : { startRequest: wish }),
    ...(instance === undefined || stop === undefined ? {} : { instance: { ...instance, stop } }),
  };
}

/** A command that needed the file changed, once the file has the new strategy. */
export function writeConfirmed(record: VmRecord): VmRecord {
  const { pendingWrite, ...rest } = record;
  if (pendingWrite === undefined) return record;
  const changed = pendingWrite.to === rest.strategy ? rest : strategyChanged(rest, pendingWrite.to);
  return commanded(changed, pendingWrite.effects);
}

/** A command whose write did not take place: it never happened. */
export function writeDropped(record: VmRecord): VmRecord {
  const { pendingWrite: _, ...rest } = record;
  return rest;
}

/** A new instance consumes the queued start. */
export function started(record: VmRecord, instance: InstanceRecord): VmRecord {
  const { startRequest: _, ...rest } = record;
  return { ...rest, instance };
}

/**
 * An instance that no QEMU was ever started for: what it was to consume is queued again, unless it was stopped or
 * the file has come to say Halted.
 */
export function discarded(record: VmRecord, now: number): VmRecord {
  const { instance, ...rest } = record;
  if (instance === undefined || instance.stop !== undefined) return rest;
  if (record.strategy === 'Halted') return rest;
  const startRequest = record.startRequest ?? { paused: instance.startPaused, at: now };
  return { ...rest, startRequest };
}

/** Changes the live instance's part of the record. */
export function withInstance(record: VmRecord, change: Partial<InstanceRecord>): VmRecord {
  if (record.instance === undefined) return record;
  return { ...record, instance: { ...record.instance, ...change } };
}

export function stopBegun(record: VmRecord, stop: StopRecord): VmRecord {
  return withInstance(record, { stop });
}

export function rungTaken(record: VmRecord, rung: Rung, now: number): VmRecord {
  const stop = record.instance?.stop;
  if (stop === undefined) return record;
  const asked = isAsking(rung) ? { askedAt: stop.askedAt ?? now } : {};
  const agent = rung === 'agent-shutdown' ? { agentAt: now } : {};
  return withInstance(record, { stop: { ...stop, ...asked, ...agent, rung, rungAt: now } });
}

/** The instance has ended: its line of history, and what the strategy will look at. */
export function concluded(
  record: VmRecord,
  verdict: Verdict,
  endedAt: number,
  jitter: number,
  policy: BackoffPolicy,
): { readonly record: VmRecord; readonly run: RunEntry } | undefined {
  const { instance, ...rest } = record;
  if (instance === undefined) return undefined;
  const { scheduledAt, runningAt } = instance;
  const running = runningAt === undefined ? {} : { runningAt };
  const run: RunEntry = {
    uid: instance.uid,
    startedAt: instance.startedAt ?? instance.createdAt,
    ...(scheduledAt === undefined ? {} : { scheduledAt }),
    ...running,
    endedAt,
    verdict,
  };
  const { outcome } = verdict;
  // An end that was asked for, or that the host brought about, says nothing about how stable the guest is.
  const hostEnded = verdict.reason === 'HostLost' || verdict.reason === 'HostShutdown';
  const asked = wasAskedFor(instance.stop) || hostEnded;
  const lastRun = lastRunAfterEnd(instance.stop, outcome);
  // Nor is there anything to wait for where the strategy leaves the VM down.
  const counts = !asked && WISHES[record.strategy][lastRun] === 'start';
  const ending = { outcome, ...running, endedAt };
  const backoff = counts ? nextBackoff(record.backoff, ending, jitter, policy) : NO_BACKOFF;
  return { record: { ...rest, lastRun, backoff }, run };
}

/** Neither a probe that failed nor a panic asks for anything: they tell a failure. */
function wasAskedFor(stop: StopRecord | undefined): boolean {
  if (stop === undefined) return false;
  return !isFailure(stop.initiator) || stop.commanded === true;
}

function isFailure(initiator: Initiator): boolean {
  return initiator === 'supervisor' || initiator === 'guest';
}

/**
 * What the run strategy will look at. An instance that the file stopped is cleared away: should the file want the VM
 * again by then, that is a wish for a new run.
 */
export function lastRunAfterEnd(stop: StopRecord | undefined, outcome: Outcome): LastRun {
  if (stop?.initiator === 'command' || stop?.commanded === true) return 'Stopped';
  return stop?.initiator === 'file' ? 'NeverRan' : outcome;
}
