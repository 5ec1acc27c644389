/**
 * The end of an instance: evidence is collected once, judged once, and stored together with what the run strategy
 * will look at. Only then are the instance's disks removed, whose room the next one may need, and then whatever else is of
 * no use any more, while the VM is started again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Evidence } from '../core/model/evidence.ts';
import type { InstanceRecord, RunEntry, VmRecord } from '../core/model/record.ts';
import type { Verdict } from '../core/model/verdict.ts';
import type { InstancePaths } from '../core/paths.ts';
import { concluded, withInstance } from '../core/strategy/transitions.ts';
import { verdict } from '../core/verdict/verdict.ts';
import { endedAt } from '../qemu/ended-at.ts';
import { collectEvidence, type EvidenceOptions } from '../qemu/evidence.ts';
import { removeInstanceDisks } from '../qemu/prepare.ts';
import type { Context } from './context.ts';
import { pruneTraces, removeScratch } from './evidence-store.ts';
import { settleDump } from './memory-dumps.ts';

const KEPT_EVENTS = 100;

export async function conclude(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const { instance } = record;
  if (instance === undefined) return;
  const paths = ctx.paths(instance.uid);
  const launchError = ctx.lives.get(key)?.launchError;
  const evidence: Evidence = {
    ...(await collectEvidence(paths, recordedProcess(instance))),
    ...(launchError === undefined ? {} : { launchError }),
  };
  const judged = verdict(evidence);
  if (judged === undefined)
    throw new Error(`instance ${instance.uid} was taken for ended but its QEMU still runs`);
  const at = endedAt(paths, evidence) ?? ctx.clock.now();
  const ran = withFirstRun(record, evidence);
  const end = concluded(ran, judged, at, ctx.random(), ctx.settings.backoff);
  if (end === undefined) return;
  ctx.records.saveEnd(end.record, end.run, abridged(evidence));
  const live = ctx.lives.get(key);
  if (live?.watched === true && isHostStopping(instance, evidence)) ctx.drain('host-shutdown');
  ctx.lives.delete(key);
  await live?.release();
  noteEnd(ctx, record, judged, end.run, end.record);
  await settleDump(ctx, key, instance, { evidence, why: live?.dump.why });
  await removeInstanceDisks(paths.dir);
  ctx.networks.settle();
  void ctx.queue.exclusive(`traces:${key}`, () => removeOldFiles(ctx, key, paths));
}

/** What cannot be removed now, a later daemon sweeps away. */
async function removeOldFiles(ctx: Context, key: string, paths: InstancePaths): Promise<void> {
  // A start that is due has gone to the disk and to QEMU's parent by then.
  await nextTurn();
  try {
    // Until the end is on the disk, they are all that tells of it.
    await ctx.records.flushed();
    await removeScratch(paths);
    await pruneTraces(ctx, key);
  } catch (error) {
    ctx.log.warn({ vm: key, uid: paths.uid, error }, 'files of an ended run could not be removed');
  }
}

/** Somebody else, the service manager for one, stops guests because the host goes down: it must not come up again. */
function isHostStopping({ stop }: InstanceRecord, { intents }: Evidence): boolean {
  return stop?.initiator !== 'host' && intents.some(({ action }) => action === 'host-shutdown');
}

function recordedProcess({ process }: InstanceRecord): EvidenceOptions {
  return process === undefined ? {} : { recorded: process };
}

/** A guest can end before a daemon got to note that it ran; the journal knows. */
function withFirstRun(record: VmRecord, { events }: Evidence): VmRecord {
  const resumed = events.find(({ event }) => event === 'RESUME');
  if (resumed === undefined || record.instance?.runningAt !== undefined) return record;
  return withInstance(record, { runningAt: resumed.at });
}

/**
 * A guest in a reboot loop leaves thousands of events; the last ones tell the end. Agents that come and go have no part in
 * it, and a guest can make that happen each second.
 */
function abridged(evidence: Evidence): Evidence {
  const telling = evidence.events.filter(({ event }) => event !== 'VSERPORT_CHANGE');
  return { ...evidence, events: telling.slice(-KEPT_EVENTS) };
}

function noteEnd(
  ctx: Context,
  record: VmRecord,
  judged: Verdict,
  run: RunEntry,
  after: VmRecord,
): void {
  const type = judged.outcome === 'Succeeded' ? 'Normal' : 'Warning';
  const instanceUid = run.uid;
  const { reason, message } = judged;
  // What KubeVirt says of the instance (`v1.Stopped`), and what it was in truth.
  ctx.events.note(record, { type, reason: 'Stopped', message, instanceUid });
  ctx.events.note(record, { type, reason, message, instanceUid, about: 'vm' });
  const { retryAt, unstable } = after.backoff;
  if (retryAt === undefined || retryAt <= ctx.clock.now()) return;
  const seconds = Math.round((retryAt - ctx.clock.now()) / 1000);
  ctx.events.note(record, {
    type: 'Warning',
    reason: 'BackOff',
    message: `unstable end number ${unstable} in a row; next start in ${seconds} s if the run strategy asks for one`,
  });
}
