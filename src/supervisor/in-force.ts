/**
 * Brings a VM's record up to date with its file and with instances that it does not know, and settles a command whose
 * write an earlier daemon left open.
 */
import type { CatalogueEntry } from '../core/catalogue/catalogue.ts';
import type { InstanceRecord, SourceRecord, VmRecord } from '../core/model/record.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import {
  edited,
  registered,
  started,
  writeConfirmed,
  writeDropped,
} from '../core/strategy/transitions.ts';
import type { Context } from './context.ts';

/** How soon it is tried again to store what could not be. */
const SETTLE_MS = 1000;

export interface InForce {
  /** Undefined for a file that was never valid. */
  readonly record: VmRecord | undefined;
  /** Undefined once the document was removed, or when neither it nor an earlier one is understood. */
  readonly vm: VirtualMachine | undefined;
  readonly removed: boolean;
  readonly entry: CatalogueEntry | undefined;
}

/** @throws StateWriteError when the change cannot be stored */
export function bringIntoForce(ctx: Context, key: string, newUid: () => string): InForce {
  if (!ctx.records.settle(key)) ctx.queue.addIn(key, SETTLE_MS);
  const entry = ctx.files.catalogue.get(key);
  const source = sourceOf(entry);
  if (entry?.vm !== undefined && source !== undefined)
    return {
      record: withStray(ctx, key, absorb(ctx, key, entry.vm, source, newUid)),
      vm: entry.vm,
      removed: false,
      entry,
    };
  const known = ctx.records.get(key);
  const record = known === undefined ? undefined : withStray(ctx, key, known);
  const removed = entry === undefined && ctx.listed();
  return { record, vm: removed ? undefined : ctx.records.lastGood(key), removed, entry };
}

function absorb(
  ctx: Context,
  key: string,
  vm: VirtualMachine,
  source: SourceRecord,
  newUid: () => string,
): VmRecord {
  const known = ctx.records.get(key);
  if (known === undefined) return register(ctx, key, vm, source, newUid);
  const settled = settleWrite(known, vm);
  const before = ctx.records.lastGood(key);
  const record = edited(settled, source, before, vm, ctx.clock.now());
  if (record !== known) {
    ctx.records.save(record);
    noteEdit(ctx, known, record, JSON.stringify(before?.template) !== JSON.stringify(vm.template));
  }
  ctx.records.setLastGood(key, vm);
  return record;
}

function register(
  ctx: Context,
  key: string,
  vm: VirtualMachine,
  source: SourceRecord,
  newUid: () => string,
): VmRecord {
  const record = registered(vm, source, newUid(), ctx.clock.now());
  // A guest that runs must be shown, also while nothing can be stored.
  if (ctx.strays.running(key) === undefined) ctx.records.save(record);
  else ctx.records.take(record);
  ctx.records.setLastGood(key, vm);
  const message = `declared in ${source.path} with run strategy ${vm.runStrategy}`;
  ctx.events.note(record, { type: 'Normal', reason: 'Registered', message });
  return record;
}

/** An instance that its record does not know comes before anything that is started for it. */
function withStray(ctx: Context, key: string, record: VmRecord): VmRecord {
  if (record.instance !== undefined) return record;
  const stray = ctx.strays.next(key, ctx.records.history(key)[0]?.startedAt);
  const running = ctx.strays.running(key);
  if (stray === undefined) return record;
  if (stray === running) return withRunning(ctx, key, record, running);
  try {
    return withEnded(ctx, key, record, stray);
  } catch (error) {
    // While nothing can be stored no end is judged, but a guest that runs is shown.
    if (running === undefined) throw error;
    return withRunning(ctx, key, record, running);
  }
}

/** It fulfils a queued start. */
function withRunning(ctx: Context, key: string, record: VmRecord, stray: InstanceRecord): VmRecord {
  const taken = started(record, stray);
  ctx.records.take(taken);
  const message = `its guest runs already (pid ${stray.process?.pid}), although no record knew it`;
  takeOver(ctx, key, taken, message);
  return taken;
}

function withEnded(ctx: Context, key: string, record: VmRecord, stray: InstanceRecord): VmRecord {
  const taken = { ...record, instance: stray };
  ctx.records.save(taken);
  const message = 'no record knew of this run; how it ended is read from its evidence directory';
  takeOver(ctx, key, taken, message);
  return taken;
}

function takeOver(ctx: Context, key: string, record: VmRecord, message: string): void {
  const instanceUid = record.instance?.uid ?? '';
  ctx.strays.taken(instanceUid);
  ctx.adopt(key);
  const note = { type: 'Normal', reason: 'Adopted', message, instanceUid, about: 'vm' } as const;
  ctx.events.note(record, note);
}

/** The file tells whether the write took place before the daemon died. */
function settleWrite(record: VmRecord, vm: VirtualMachine): VmRecord {
  const { pendingWrite } = record;
  if (pendingWrite === undefined) return record;
  return vm.runStrategy === pendingWrite.to ? writeConfirmed(record) : writeDropped(record);
}

function noteEdit(ctx: Context, before: VmRecord, after: VmRecord, template: boolean): void {
  if (before.strategy !== after.strategy)
    ctx.events.note(after, {
      type: 'Normal',
      reason: 'RunStrategyChanged',
      message: `run strategy changed from ${before.strategy} to ${after.strategy} in ${after.source.path}`,
    });
  if (template)
    ctx.events.note(after, {
      type: 'Normal',
      reason: 'TemplateChanged',
      message: `the template changed in ${after.source.path}; the next instance uses it`,
    });
}

function sourceOf(entry: CatalogueEntry | undefined): SourceRecord | undefined {
  if (entry?.text === undefined || entry.index === undefined) return undefined;
  return { path: entry.path, index: entry.index, text: entry.text };
}
