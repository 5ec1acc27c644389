/**
 * What daemons that were killed, and hosts that went down, left of instances that are nobody's current one: sockets,
 * overlays, launches that came to nothing. Swept before the first pass; never anything of a process that lives, nor
 * the evidence of a run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import {
  credentialsDir,
  type InstancePaths,
  instanceRuntimeRoot,
  instancesDir,
} from '../core/paths.ts';
import { DISCARDED, discardedPaths, discardInstance, dropDiscarded } from '../qemu/discard.ts';
import { identityOf, isInstanceAlive } from '../qemu/instance-process.ts';
import type { Context } from './context.ts';
import { keptRuns, removeScratch, removeTraces } from './evidence-store.ts';
import { currentUids, isUid, readDescription } from './strays.ts';

type Ground = Pick<Context, 'records' | 'strays' | 'settings' | 'paths' | 'log'>;

/** What cannot be removed is logged and stays. */
export async function sweepLeftovers(ctx: Ground): Promise<void> {
  const current = currentUids(ctx);
  const { stateDir, runtimeDir } = ctx.settings;
  // Nothing is pulled yet.
  await rm(credentialsDir(runtimeDir), { recursive: true, force: true });
  const names = [
    ...(await namesIn(instancesDir(stateDir))).map((name) => name.replace(DISCARDED, '')),
    ...(await namesIn(instanceRuntimeRoot(runtimeDir))),
  ];
  const sockets = boundSockets();
  const left = [...new Set(names)].filter((name) => isUid(name) && !current.has(name));
  await Promise.all(
    left.map(async (uid) => {
      try {
        await sweep(ctx, ctx.paths(uid), sockets);
      } catch (error) {
        ctx.log.warn({ uid, error }, 'leftovers of an instance could not be removed');
      }
    }),
  );
}

async function sweep(ctx: Ground, paths: InstancePaths, sockets: string): Promise<void> {
  const end = (identity: ProcessIdentity): Promise<void> => kill(ctx, paths, identity);
  await dropDiscarded(paths, end);
  const identity = identityOf(paths, undefined);
  if (identity !== undefined && isInstanceAlive(identity, paths)) return;
  // No QEMU was seen there yet, but one may be on its way.
  if (identity === undefined && isHalfMade(ctx, paths)) return discardInstance(paths, end);
  // Somebody removed the evidence of a QEMU that lives.
  if (sockets.includes(` ${paths.runtimeDir}/`)) {
    ctx.log.warn({ sockets: paths.runtimeDir }, 'a QEMU runs whose VM cannot be told');
    return;
  }
  await (isOutdated(ctx, paths) ? removeTraces(paths) : removeScratch(paths));
}

/** A run whose files a daemon was to remove when a newer one ended. Without a record of its VM nobody can tell. */
function isOutdated({ records, strays }: Ground, { uid }: InstancePaths): boolean {
  const vm = records.vmOfRun(uid);
  if (vm === undefined || strays.has(uid) || records.get(keyOf(vm)) === undefined) return false;
  return !keptRuns(records.history(keyOf(vm))).some((run) => run.uid === uid);
}

/** Neither a run on record nor one that is still to be judged. */
function isHalfMade({ records, strays }: Ground, { dir, uid }: InstancePaths): boolean {
  return existsSync(dir) && !strays.has(uid) && records.vmOfRun(uid) === undefined;
}

/** Ends a QEMU that no guest code has run in: it waits for `cont`. */
async function kill(ctx: Ground, paths: InstancePaths, identity: ProcessIdentity): Promise<void> {
  const vm = readDescription(discardedPaths(paths))?.vm;
  if (vm !== undefined) await ctx.settings.launcher.kill({ vm, identity });
}

/** The paths of all Unix sockets of this host, one a line (proc_net(5)). */
function boundSockets(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return '';
  }
}

function namesIn(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch(() => []);
}
