/**
 * Brings a VM's record up to date with its file, and settles a command whose write an earlier daemon left open.
 */
import type { CatalogueEntry } from '../core/catalogue/catalogue.ts';
import type { SourceRecord, VmRecord } from '../core/model/record.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import { edited, registered, writeConfirmed, writeDropped } from '../core/strategy/transitions.ts';
import type { Context } from './context.ts';

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
  const entry = ctx.files.catalogue.get(key);
  const source = sourceOf(entry);
  if (entry?.vm !== undefined && source !== undefined)
    return {
      record: absorb(ctx, key, entry.vm, source, newUid),
      vm: entry.vm,
      removed: false,
      entry,
    };
  const record = ctx.records.get(key);
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
  const record = edited(settled, source, before, vm);
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
  const fresh = registered(vm, source, newUid(), ctx.clock.now());
  const stray = ctx.strays.get(key);
  const record = stray === undefined ? fresh : { ...fresh, instance: stray };
  ctx.records.save(record);
  ctx.records.setLastGood(key, vm);
  const note = (reason: string, message: string): void =>
    ctx.events.note(vm, { type: 'Normal', reason, message });
  note('Registered', `declared in ${source.path} with run strategy ${vm.runStrategy}`);
  if (stray === undefined) return record;
  ctx.strays.delete(key);
  ctx.adopt(key);
  note('Adopted', `its guest runs already (pid ${stray.process?.pid}), although no record knew it`);
  return record;
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
