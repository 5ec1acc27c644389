/**
 * One reconcile pass: brings the file into force, looks at the instance, asks what now, does it, and asks again
 * until there is nothing to do. A pass reads everything itself: the event that caused it said only which VM.
 */
import type { VmRecord } from '../core/model/record.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import type { Action } from '../core/strategy/action.ts';
import { decide } from '../core/strategy/decide.ts';
import { isProvisioning } from '../core/strategy/provision.ts';
import type { Context } from './context.ts';
import { execute } from './executors.ts';
import { bringIntoForce } from './in-force.ts';
import { publish, shownUid } from './publish.ts';
import { situationOf } from './situation.ts';

/** More steps than any VM needs in a row: a pass that takes them goes round in circles. */
const MAX_STEPS = 20;

export async function pass(ctx: Context, key: string): Promise<void> {
  try {
    await ctx.files.settled(key);
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const inForce = bringIntoForce(ctx, key, () => shownUid(ctx, key));
      const { record, vm } = inForce;
      if (record === undefined) {
        ctx.provisioner.giveUp(key);
        return;
      }
      const action = decide(situationOf(ctx, key, record, inForce));
      if (action.kind === 'wait') {
        if (!isProvisioning(action.held)) ctx.provisioner.giveUp(key);
        else if (vm !== undefined) ctx.provisioner.join(key, vm);
        if (action.until !== undefined) ctx.queue.addIn(key, action.until - ctx.clock.now());
        return;
      }
      await execute({ ctx, key, record, vm }, action);
      report(ctx, key, record, vm, action);
      publish(ctx, key);
    }
    throw new Error(`no rest after ${MAX_STEPS} steps`);
  } finally {
    ctx.order.tell(key);
    ctx.probes.follow(key);
    ctx.credentials.follow(key);
    // Nothing happens when a guest has come to rest.
    const calmAt = ctx.lives.get(key)?.loopUntil;
    if (calmAt !== undefined) ctx.queue.addIn(key, calmAt - ctx.clock.now());
    publish(ctx, key);
  }
}

/** The one line that an operator can retell the story from. */
function report(
  ctx: Context,
  key: string,
  record: VmRecord,
  vm: VirtualMachine | undefined,
  action: Action,
): void {
  const after = ctx.records.get(key);
  const end = record.instance !== undefined && after?.instance === undefined;
  const verdict = end ? ctx.records.history(key)[0]?.verdict : undefined;
  ctx.log.info(
    {
      vm: key,
      wanted: vm?.runStrategy ?? 'removed',
      found: found(record),
      action: action.kind === 'take-rung' ? action.rung : action.kind,
      reason: action.reason,
      instance: (after?.instance ?? record.instance)?.uid,
      ...(verdict === undefined ? {} : { outcome: verdict.outcome, verdict: verdict.reason }),
      ...(after?.backoff.retryAt === undefined
        ? {}
        : { retryAt: new Date(after.backoff.retryAt).toISOString() }),
    },
    'pass',
  );
}

function found(record: VmRecord): string {
  if (record.instance === undefined) return `down (${record.lastRun})`;
  if (record.instance.stop !== undefined) return 'stopping';
  return record.instance.phase;
}
