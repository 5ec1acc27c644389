/**
 * freeze and unfreeze: the file systems of a guest are brought to a consistent state and kept there, so that its disks can
 * be copied (KubeVirt `FreezeUnfreezeTimeout`). What is recorded before the guest is asked makes sure that somebody thaws
 * it. The guest takes its time, so nothing of this is done in the VM's lane of the queue but the records.
 */
import type { FreezeRecord, InstanceRecord, VmRecord } from '../core/model/record.ts';
import { thawTried } from '../core/strategy/freeze.ts';
import { withInstance } from '../core/strategy/transitions.ts';
import { errorMessage } from '../core/thrown.ts';
import { AgentAbsentError, AgentCommandError } from '../qemu/agent-error.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';
import type { Ground } from './ground.ts';
import { findGuest } from './guest-target.ts';
import { conflict, Refusal } from './refusal.ts';

/** Freezing writes out all that the guest has not written yet. */
const FREEZE_MS = 30_000;
const THAW_MS = 10_000;

export interface FreezeOptions {
  /** After so long the guest is thawed without being asked; 0: never. */
  readonly unfreezeTimeoutMs: number;
  readonly dryRun: boolean;
}

/**
 * A guest that is frozen already stays so, and its time counts anew.
 * @throws Refusal
 */
export async function freezeGuest(
  ctx: Context,
  key: string,
  { unfreezeTimeoutMs, dryRun }: FreezeOptions,
): Promise<void> {
  const begun = await ctx.queue.exclusive(key, () => {
    const { record, instance, live } = findGuest(ctx, key);
    if (dryRun) return undefined;
    const at = ctx.clock.now();
    const timed = unfreezeTimeoutMs === 0 ? {} : { thawAt: at + unfreezeTimeoutMs };
    const freeze: FreezeRecord = { at: instance.freeze?.at ?? at, ...timed };
    ctx.records.save(withInstance(record, { freeze }));
    return { live, uid: instance.uid, again: instance.freeze !== undefined };
  });
  if (begun === undefined) return;
  ctx.queue.add(key);
  if (begun.again) return;
  try {
    const frozen = await begun.live.guest.agent.execute('guest-fsfreeze-freeze', {}, FREEZE_MS);
    note(ctx, key, 'Frozen', `the guest's file systems were frozen by a command (${frozen})`);
  } catch (error) {
    await unfreezeRecord(ctx, key, begun.uid, isRefused(error) ? 'forget' : 'thaw');
    throw refusalOf(error);
  }
}

/** @throws Refusal */
export async function unfreezeGuest(ctx: Context, key: string, dryRun: boolean): Promise<void> {
  const { live, instance } = await ctx.queue.exclusive(key, () => findGuest(ctx, key));
  if (dryRun) return;
  try {
    await live.guest.agent.execute('guest-fsfreeze-thaw', {}, THAW_MS);
  } catch (error) {
    throw refusalOf(error);
  }
  await thawed(ctx, key, instance, 'by a command');
}

/** Begins an attempt to thaw and does not wait for it: the next one is on record. */
export function thawGuest(ctx: Context, key: string, record: VmRecord): void {
  const { instance } = record;
  const live = ctx.lives.get(key);
  if (instance?.freeze === undefined || live === undefined) return;
  const freeze = thawTried(instance.freeze, ctx.clock.now());
  const stored = withInstance(record, { freeze });
  // A host that goes down does not wait until there is room on its disk.
  if (instance.stop?.initiator === 'host') ctx.records.take(stored);
  else ctx.records.save(stored);
  void thaw(ctx, key, instance, live).catch((error: unknown) => {
    const { attempts } = freeze;
    ctx.log.warn({ vm: key, attempts, error }, 'the guest could not be thawed');
    if (attempts === 1)
      note(
        ctx,
        key,
        'ThawFailed',
        `the guest could not be thawed: ${errorMessage(error)}`,
        'Warning',
      );
  });
}

/** A guest that was reset comes up with its file systems as they ever were. */
export async function forgetFreeze(ctx: Ground, key: string): Promise<void> {
  const uid = ctx.records.get(key)?.instance?.uid;
  if (uid !== undefined && ctx.records.get(key)?.instance?.freeze !== undefined)
    await unfreezeRecord(ctx, key, uid, 'forget');
}

async function thaw(
  ctx: Context,
  key: string,
  instance: InstanceRecord,
  live: LiveInstance,
): Promise<void> {
  await live.guest.agent.execute('guest-fsfreeze-thaw', {}, THAW_MS);
  await thawed(ctx, key, instance, 'by solovirt');
}

async function thawed(
  ctx: Context,
  key: string,
  { uid, freeze }: InstanceRecord,
  by: string,
): Promise<void> {
  await unfreezeRecord(ctx, key, uid, 'forget');
  if (freeze !== undefined) note(ctx, key, 'Thawed', `the guest's file systems were thawed ${by}`);
}

/** In the VM's lane, if it is still that instance: it is thawed, or is to be thawed at once. */
async function unfreezeRecord(
  ctx: Ground,
  key: string,
  uid: string,
  how: 'forget' | 'thaw',
): Promise<void> {
  await ctx.queue.exclusive(key, () => {
    const record = ctx.records.get(key);
    const { instance } = record ?? {};
    if (record === undefined || instance?.uid !== uid || instance.freeze === undefined) return;
    const { freeze, ...rest } = instance;
    const now = { ...freeze, thawAt: ctx.clock.now() };
    ctx.records.save({ ...record, instance: how === 'forget' ? rest : { ...rest, freeze: now } });
  });
  ctx.queue.add(key);
}

/** The agent has said no, or nobody asked it: nothing is frozen. */
function isRefused(error: unknown): boolean {
  return error instanceof AgentCommandError || error instanceof AgentAbsentError;
}

function refusalOf(error: unknown): Refusal {
  if (isRefused(error)) return conflict(errorMessage(error));
  return new Refusal(errorMessage(error), { kind: 'unavailable', cause: error });
}

function note(
  ctx: Context,
  key: string,
  reason: string,
  message: string,
  type: 'Normal' | 'Warning' = 'Normal',
): void {
  const record = ctx.records.get(key);
  const uid = record?.instance?.uid;
  if (record === undefined) return;
  ctx.events.note(record, {
    type,
    reason,
    message,
    ...(uid === undefined ? {} : { instanceUid: uid }),
  });
}
