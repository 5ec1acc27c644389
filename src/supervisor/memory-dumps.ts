/** What remains of the memory dumps of a VM when one of its instances has ended. */
import { rm, stat } from 'node:fs/promises';
import type { Evidence } from '../core/model/evidence.ts';
import type { InstanceRecord } from '../core/model/record.ts';
import type { InstancePaths } from '../core/paths.ts';
import { isCompleted } from '../qemu/memory-dump.ts';
import type { Context } from './context.ts';
import type { EventNote } from './event-log.ts';
import { keptRuns } from './evidence-store.ts';

interface DumpFacts {
  readonly evidence: Evidence;
  /** Why there is none, as far as somebody watched. */
  readonly why: string | undefined;
}

/** Keeps a dump that is whole and the newest others, and removes the rest. */
export async function settleDump(
  ctx: Context,
  key: string,
  { uid, spec }: InstanceRecord,
  facts: DumpFacts,
): Promise<void> {
  const most = spec.panicDumps;
  if (most === undefined) return;
  const { events } = facts.evidence;
  const isWhole = events.some((e) => e.event === 'DUMP_COMPLETED' && isCompleted(e.data));
  if (!isWhole) await rm(ctx.paths(uid).memoryDump, { force: true });
  const record = ctx.records.get(key);
  const hasPanicked = events.some(({ event }) => event === 'GUEST_PANICKED');
  if (record !== undefined && hasPanicked)
    ctx.events.note(record, { ...noteOf(ctx.paths(uid), isWhole, facts), instanceUid: uid });
  let kept = 0;
  for (const run of keptRuns(ctx.records.history(key))) {
    const file = ctx.paths(run.uid).memoryDump;
    if (!(await isThere(file))) continue;
    kept += 1;
    if (kept > most) await rm(file, { force: true });
  }
}

function noteOf({ memoryDump }: InstancePaths, isWhole: boolean, { why }: DumpFacts): EventNote {
  if (isWhole)
    return {
      type: 'Normal',
      reason: 'MemoryDumped',
      message: `the memory of the guest at its panic is in ${memoryDump}`,
    };
  return {
    type: 'Warning',
    reason: 'MemoryDumpFailed',
    message: `the memory of the guest at its panic was not kept: ${why ?? 'the guest was ended before that'}`,
  };
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
