/**
 * Whether a start by the run strategy has to wait for other VMs. An order and nothing more, like systemd's `After=`:
 * a VM that is not about to run holds nobody up.
 */
import type { VmRecord } from '../model/record.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';
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

export function startGate(facts: StartOrderFacts | undefined, now: number): Gate {
  if (facts === undefined) return OPEN;
  const { after, delayMs, bootAt } = facts;
  const coming = after.filter(({ prospect }) => prospect.kind === 'coming').map((vm) => vm.name);
  if (coming.length > 0)
    return { open: false, held: 'start-after', reason: `waiting for ${inWords(coming)} to run` };
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
    return comesUp(facts, record?.lastRun) ? { kind: 'coming' } : { kind: 'down' };
  const { stop } = recorded;
  if (stop !== undefined)
    return comesUp(facts, lastRunAfterEnd(stop, 'Failed')) ? { kind: 'coming' } : { kind: 'down' };
  const runs = recorded.phase === 'Running' && instance.kind === 'live' && instance.resumed;
  if (!runs) return { kind: 'coming' };
  return { kind: 'runs', since: facts.resumedAt ?? recorded.runningAt ?? recorded.createdAt };
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
