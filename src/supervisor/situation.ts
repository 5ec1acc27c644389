/** Fills in what `core/strategy/decide` is asked about. */
import type { VmRecord } from '../core/model/record.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import { decide } from '../core/strategy/decide.ts';
import type { Situation } from '../core/strategy/situation.ts';
import type { Context } from './context.ts';
import { sightOf } from './standing.ts';
import { nameFor } from './start-order.ts';

export interface Standpoint {
  /** In force; undefined when it was removed, or nothing valid is known of it. */
  readonly vm: VirtualMachine | undefined;
  readonly removed: boolean;
}

export function situationOf(
  ctx: Context,
  key: string,
  record: VmRecord,
  { vm, removed }: Standpoint,
): Situation {
  const isDown = record.instance === undefined;
  const startOrder = isDown && vm !== undefined ? ctx.order.facts(key, vm) : undefined;
  const dependents = (): readonly string[] =>
    ctx.order.liveDependents(key).map((other) => nameFor(other, key));
  const situation: Situation = {
    vm,
    removed,
    record,
    instance: isDown ? undefined : sightOf(ctx, key),
    ...(ctx.draining() === undefined ? {} : { draining: { dependents: dependents() } }),
    ...(startOrder === undefined ? {} : { startOrder }),
    now: ctx.clock.now(),
  };
  // Only a start has to wait for disks and images, and to look for them is to go to the disk.
  if (!isDown || vm === undefined || decide(situation).kind !== 'start') return situation;
  const provision = ctx.provisioner.facts(key, vm, record.startRequest?.at);
  return provision === undefined ? situation : { ...situation, provision };
}
