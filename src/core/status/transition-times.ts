/**
 * When a condition came to be as it is (`lastTransitionTime`). Told from what is on record and from QEMU's own journal
 * where they know, so that a new daemon tells the same; else from when it was first seen.
 */
import type { RunEntry, VmRecord } from '../model/record.ts';
import { isReady } from '../probe/probe-time.ts';
import type { ConditionFacts } from './conditions.ts';

/** A condition and since when it has its status (Unix ms). */
export interface TimedCondition extends ConditionFacts {
  readonly since: number;
}

export interface TransitionFacts {
  readonly record: VmRecord | undefined;
  readonly lastRun: RunEntry | undefined;
  /** When the guest's CPUs last stopped or went on, as far as events tell. */
  readonly runStateSince: number | undefined;
  readonly now: number;
}

/** @param shown the conditions before; one that keeps its status keeps its time */
export function withTimes(
  conditions: readonly ConditionFacts[],
  shown: readonly TimedCondition[],
  facts: TransitionFacts,
): readonly TimedCondition[] {
  return conditions.map((condition) => {
    const before = shown.find(
      ({ type, status }) => type === condition.type && status === condition.status,
    );
    return { ...condition, since: before?.since ?? sinceWhen(condition, facts) };
  });
}

function sinceWhen({ type, status }: ConditionFacts, facts: TransitionFacts): number {
  const { record, runStateSince, now } = facts;
  switch (type) {
    case 'Ready':
      return status === 'True' ? readySince(facts) : notReadySince(facts);
    case 'Paused':
      return runStateSince ?? now;
    case 'RestartRequired':
      return record?.editedAt ?? now;
    case 'LiveMigratable':
      return record?.instance?.createdAt ?? now;
    default:
      return now;
  }
}

/** A guest that was paused is ready since it went on, one that is probed since the probe succeeded. */
function readySince({ record, runStateSince, now }: TransitionFacts): number {
  const { runningAt, readiness } = record?.instance ?? {};
  return Math.max(runStateSince ?? 0, runningAt ?? 0, readiness?.since ?? 0) || now;
}

function notReadySince({ record, lastRun, runStateSince, now }: TransitionFacts): number {
  const { instance } = record ?? {};
  const isRunning = instance?.phase === 'Running';
  if (isRunning && !isReady(instance)) {
    // One that never was ready is what it was before it ran.
    if (instance.readiness?.since !== undefined) return instance.readiness.since;
  } else if (isRunning) return runStateSince ?? now;
  return lastRun?.endedAt ?? record?.createdAt ?? now;
}
