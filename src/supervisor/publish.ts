/** Puts the current state of a VM on the board. */
import { randomUUID } from 'node:crypto';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';
import type { InstanceSnapshot } from './snapshot.ts';

/** @param key of a VM or of a file that declares none */
export function publish(ctx: Context, key: string): void {
  const entry = ctx.files.catalogue.get(key);
  const record = ctx.records.get(key);
  if (entry === undefined && record === undefined) {
    ctx.board.remove(key);
    return;
  }
  const id = record ?? entry;
  if (id === undefined) return;
  const shown = ctx.board.get(key);
  const removed = record !== undefined && entry === undefined && ctx.listed();
  const vm = entry?.vm ?? (removed ? undefined : ctx.records.lastGood(key));
  const file = entry?.path ?? record?.source.path;
  const live = ctx.lives.get(key);
  ctx.board.publish({
    key: record === undefined ? key : keyOf(record),
    namespace: id.namespace,
    name: id.name,
    uid: record?.uid ?? shownUid(ctx, key),
    seenAt: shown?.seenAt ?? ctx.clock.now(),
    ...(record === undefined ? {} : { record }),
    ...(vm === undefined ? {} : { vm }),
    ...(file === undefined ? {} : { file }),
    problems: entry?.problems ?? [],
    ...(removed ? { terminatingSince: shown?.terminatingSince ?? ctx.clock.now() } : {}),
    ...(live === undefined ? {} : { instance: instanceSnapshot(live) }),
    history: ctx.records.history(key),
  });
}

/** A file that becomes valid goes on under the uid that it was shown with. */
export function shownUid(ctx: Context, key: string): string {
  return ctx.board.get(key)?.uid ?? randomUUID();
}

function instanceSnapshot(live: LiveInstance): InstanceSnapshot {
  const sight = live.sight();
  const runState = sight.kind === 'live' ? sight.runState : undefined;
  return {
    resets: live.resets,
    unresponsive: live.unresponsive,
    ...(runState === undefined ? {} : { runState }),
  };
}
