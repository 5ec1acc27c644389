/**
 * Whether a start by the run strategy has to wait for other VMs. An order and nothing more, like systemd's `After=`:
 * a VM that is not about to run holds nobody up. One with a readiness probe is waited for until it is ready.
 */
import type { VmRecord } from '../model/record.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';
import { isReady } from '../probe/probe-time.ts';
import { lastRunAfterEdit, WISHES } from './run-strategy.ts';
import type { InstanceView, Prospect, StartOrderFacts } from './situation.ts';
import { lastRunAfterEnd } from './transitions.ts';

export type Gate =
  | { readonly open: true }
  | {
      readonly open: false;
      readonly held: 'start-after' | 'start-delay';
      readonly reason: string;
      /** Unix ms; absent when something else has to happen first. */
      readonly until?: number;
    };

const OPEN: Gate = { open: true };
const COMING: Prospect = { kind: 'coming', to: 'run' };

export function startGate(facts: StartOrderFacts | undefined, now: number): Gate {
  if (facts === undefined) return OPEN;
  const { after, delayMs, bootAt } = facts;
  const awaited = (['run', 'be ready'] as const).flatMap((to) => {
    const names = after.flatMap(({ name, prospect }) =>
      prospect.kind === 'coming' && prospect.to === to ? [name] : [],
    );
    return names.length === 0 ? [] : [`${inWords(names)} to ${to}`];
  });
  if (awaited.length > 0)
    return { open: false, held: 'start-after', reason: `waiting for ${inWords(awaited)}` };
  const since = after.map(({ prospect }) => (prospect.kind === 'runs' ? prospect.since : bootAt));
  const until = Math.max(bootAt, ...since) + delayMs;
  if (delayMs === 0 || until <= now) return OPEN;
  const reason = `its start-delay of ${delayMs / 1000} s is not over`;
  return { open: false, held: 'start-delay', reason, until };
}

export interface ProspectFacts {
  /** What is in force; undefined when nothing valid is known. */
  readonly vm: VirtualMachine | undefined;
  readonly removed: boolean;
  /** Undefined before the file was first brought into force. */
  readonly record: VmRecord | undefined;
  readonly instance: InstanceView | undefined;
  /** When guest code first ran (Unix ms), as far as that is known. */
  readonly resumedAt: number | undefined;
  readonly now: number;
}

/** What others may expect of a VM. */
export function prospectOf(facts: ProspectFacts): Prospect {
  const { record, instance } = facts;
  const recorded = record?.instance;
  if (recorded === undefined || instance === undefined)
    return comesUp(facts, record?.lastRun) ? COMING : { kind: 'down' };
  const { stop } = recorded;
  if (stop !== undefined)
    return comesUp(facts, lastRunAfterEnd(stop, 'Failed')) ? COMING : { kind: 'down' };
  const runs = recorded.phase === 'Running' && instance.kind === 'live' && instance.resumed;
  if (!runs) return COMING;
  if (!isReady(recorded)) return { kind: 'coming', to: 'be ready' };
  const runsSince = facts.resumedAt ?? recorded.runningAt ?? recorded.createdAt;
  return { kind: 'runs', since: Math.max(runsSince, recorded.readiness?.since ?? 0) };
}

/** A VM in its backoff is no better than one that is down: it may take minutes, and fail once more. */
function comesUp(
  { vm, removed, record, now }: ProspectFacts,
  lastRun: VmRecord['lastRun'] = 'NeverRan',
): boolean {
  if (vm === undefined || removed) return false;
  if (record === undefined) return WISHES[vm.runStrategy].NeverRan === 'start';
  if (record.startRequest !== undefined) return true;
  const { strategy, backoff } = record;
  const seen = vm.runStrategy === strategy ? lastRun : lastRunAfterEdit(strategy, lastRun);
  const waits = backoff.retryAt !== undefined && backoff.retryAt > now;
  return WISHES[vm.runStrategy][seen] === 'start' && !waits;
}

/** `a`, `a and b`, `a, b and c`. */
export function inWords(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
