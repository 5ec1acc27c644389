/**
 * The directories that instances leave behind: scratch files go with the instance, logs and evidence files stay for
 * the last few runs of a VM, everything goes with the VM.
 */
import { rm } from 'node:fs/promises';
import type { VmRecord } from '../core/model/record.ts';
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

export async function pruneTraces(ctx: Context, key: string): Promise<void> {
  const old = ctx.records.history(key).slice(KEPT_RUNS);
  await Promise.all(old.map((run) => removeTraces(ctx.paths(run.uid))));
}

/** The VM is gone: so are its record, its history and its files of evidence. */
export async function forget(ctx: Context, key: string, record: VmRecord): Promise<void> {
  // First, so that a daemon killed in between is followed by one that still knows of them.
  const runs = ctx.records.history(key);
  await Promise.all(runs.map((run) => removeTraces(ctx.paths(run.uid))));
  ctx.records.forget(key);
  ctx.events.note(record, {
    type: 'Normal',
    reason: 'Deleted',
    message: `no document in ${record.source.path} declares it any more`,
  });
}
