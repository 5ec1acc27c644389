/**
 * The directories that instances leave behind: scratch files go with the instance, logs and evidence files stay for
 * the last few runs of a VM, everything goes with the VM.
 */
import { rm } from 'node:fs/promises';
import type { RunEntry, VmRecord } from '../core/model/record.ts';
import type { InstancePaths } from '../core/paths.ts';
import { removeInstanceDisks } from '../qemu/prepare.ts';
import type { Context } from './context.ts';

/** Runs whose console and stderr files are kept. */
const KEPT_RUNS = 3;

/** Removes what only a live instance needs: sockets, overlays and scratch disks. */
export async function removeScratch(paths: InstancePaths): Promise<void> {
  await removeInstanceDisks(paths.dir);
  await rm(paths.runtimeDir, { recursive: true, force: true });
}

export async function removeTraces(paths: InstancePaths): Promise<void> {
  await rm(paths.dir, { recursive: true, force: true });
  await rm(paths.runtimeDir, { recursive: true, force: true });
}

/** Of a history, newest first, the runs that keep their files. */
export function keptRuns(history: readonly RunEntry[]): readonly RunEntry[] {
  return history.slice(0, KEPT_RUNS);
}

export async function pruneTraces(ctx: Context, key: string): Promise<void> {
  const history = ctx.records.history(key);
  const old = history.slice(keptRuns(history).length);
  await Promise.all(old.map((run) => removeTraces(ctx.paths(run.uid))));
}

/** The VM is gone: so are its record, its history and its files of evidence. */
export async function forget(ctx: Context, key: string, record: VmRecord): Promise<void> {
  // First, so that a daemon killed in between is followed by one that still knows of them.
  const runs = ctx.records.history(key);
  await Promise.all(runs.map((run) => removeTraces(ctx.paths(run.uid))));
  ctx.records.forget(key);
  ctx.networks.settle();
  ctx.events.note(record, {
    type: 'Normal',
    reason: 'Deleted',
    message: `no document in ${record.source.path} declares it any more`,
  });
}
