/**
 * Deleting on behalf of clients: a VM, which takes its document out of its file, and an instance, which leaves the file
 * alone.
 */
import { removeDocument } from '../core/manifest/edit-stream.ts';
import type { VmRecord } from '../core/model/record.ts';
import { stopOf } from '../core/strategy/commands.ts';
import { commanded, stopBegun } from '../core/strategy/transitions.ts';
import { removeManifest, replaceManifest } from '../host/write-manifest.ts';
import type { Context } from './context.ts';
import { bringIntoForce } from './in-force.ts';
import { publish, shownUid } from './publish.ts';
import { conflict, notFound } from './refusal.ts';
import type { VmSnapshot } from './snapshot.ts';
import { onFreshText, type Target } from './vm-write.ts';

export interface Deletion {
  /** Seconds; 0 forces the guest off. Absent: the VM's own. */
  readonly gracePeriodSeconds?: number;
  readonly dryRun: boolean;
  /** Refuses by throwing. Asked again when the file has changed meanwhile. */
  readonly check: (snapshot: VmSnapshot) => void;
}

/** How long the answer waits for a VM without a guest to be gone. */
const GONE_MS = 5000;

/**
 * Takes the VM's document out of its file, and the file out of the directory when it was the last one. Its guest is
 * stopped; a stop under way can only be shortened. Deleting what is being deleted is no error.
 * @returns the VM while it is still there, or undefined when it is gone
 * @throws Refusal, and whatever `check` throws
 */
export async function deleteVm(
  ctx: Context,
  key: string,
  deletion: Deletion,
): Promise<VmSnapshot | undefined> {
  await ctx.files.settled(key);
  const before = ctx.board.get(key);
  const going = ctx.files.catalogue.get(key) === undefined && ctx.listed();
  if (before !== undefined && going) await hurry(ctx, key, deletion);
  else {
    await onFreshText(ctx, key, (target) => remove(ctx, target, deletion));
    if (deletion.dryRun) return before;
  }
  await settle(ctx, key);
  const after = ctx.board.get(key);
  // Somebody may have declared another one of that name.
  return after?.uid === before?.uid ? after : undefined;
}

async function remove(ctx: Context, target: Target, deletion: Deletion): Promise<void> {
  const { key, path, text, index, snapshot } = target;
  deletion.check(snapshot);
  const removal = removeDocument(text, index);
  if (removal.kind === 'refused')
    throw conflict(`${path}: ${removal.message}; correct the file, or delete the document there`);
  if (deletion.dryRun) return;
  if (removal.kind === 'text') await replaceManifest(path, text, removal.text);
  else await removeManifest(path, text);
  const claims = ctx.records.claims();
  const keys =
    removal.kind === 'text'
      ? ctx.files.written(path, removal.text, claims)
      : ctx.files.removed(path, claims);
  beginStop(ctx, key, deletion);
  publish(ctx, key);
  for (const changed of new Set([key, ...keys])) ctx.queue.add(changed);
}

/** The document is gone: from here on only what becomes of the guest is left to say. */
async function hurry(ctx: Context, key: string, deletion: Deletion): Promise<void> {
  await ctx.queue.exclusive(key, () => {
    const snapshot = ctx.board.get(key);
    if (snapshot !== undefined) deletion.check(snapshot);
    if (snapshot !== undefined && !deletion.dryRun) beginStop(ctx, key, deletion);
    publish(ctx, key);
    return Promise.resolve();
  });
  ctx.queue.add(key);
}

/** A grace period of its own is recorded with the stop; without one the next pass begins it as for any removed file. */
function beginStop(ctx: Context, key: string, { gracePeriodSeconds }: Deletion): void {
  const { record, removed } = bringIntoForce(ctx, key, () => shownUid(ctx, key));
  if (record?.instance === undefined || !removed || gracePeriodSeconds === undefined) return;
  const { stop } = record.instance;
  const joined = stopOf(record.instance, gracePeriodSeconds, ctx.clock.now());
  // Should the VM be declared again before it is gone, its file asks for a run of its own.
  // It is on its way out, whether that can be stored now or not.
  ctx.records.take(
    stopBegun(record, stop === undefined ? { ...joined, initiator: 'file' } : joined),
  );
  const message = `stopping: it was deleted; grace period ${joined.gracePeriodSeconds} s`;
  const instanceUid = record.instance.uid;
  ctx.events.note(record, { type: 'Normal', reason: 'Stopping', message, instanceUid });
}

/** Lets the pass that was asked for take place, so that whoever asks after the answer sees what it did. */
async function settle(ctx: Context, key: string): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const alarm = setTimeout(resolve, GONE_MS);
  await Promise.race([ctx.queue.exclusive(key, () => Promise.resolve()), late]);
  clearTimeout(alarm);
}

/**
 * Stops the VM's instance as a stop command does, without a change of its run strategy, which then decides: Always
 * starts a new one, the others stay down. One that has ended is no longer shown.
 * @throws Refusal, and whatever `check` throws
 */
export async function deleteInstance(
  ctx: Context,
  key: string,
  { gracePeriodSeconds, dryRun, check }: Deletion,
): Promise<void> {
  await ctx.queue.exclusive(key, async () => {
    await ctx.files.settled(key);
    const { record } = bringIntoForce(ctx, key, () => shownUid(ctx, key));
    publish(ctx, key);
    const snapshot = ctx.board.get(key);
    const name = key.slice(key.indexOf('/') + 1);
    if (record === undefined || snapshot === undefined)
      throw notFound(`virtualmachineinstances.kubevirt.io "${name}" not found`);
    check(snapshot);
    if (!dryRun) await stopInstance(ctx, record, gracePeriodSeconds);
    publish(ctx, key);
  });
  ctx.queue.add(key);
}

async function stopInstance(
  ctx: Context,
  record: VmRecord,
  gracePeriodSeconds: number | undefined,
): Promise<void> {
  const { instance } = record;
  if (instance === undefined) return;
  const stop = stopOf(instance, gracePeriodSeconds, ctx.clock.now());
  await ctx.records.saveForGood(commanded(record, { stop }));
  const message = `the instance was deleted by a command; grace period ${stop.gracePeriodSeconds} s`;
  ctx.events.note(record, {
    type: 'Normal',
    reason: 'StopRequested',
    message,
    instanceUid: instance.uid,
  });
}
