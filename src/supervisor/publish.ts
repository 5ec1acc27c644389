/** Puts the current state of a VM on the board. */
import { randomUUID } from 'node:crypto';
import type { Lease } from '../core/agent/guest-status.ts';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { VmRecord } from '../core/model/record.ts';
import { instanceConditions, vmConditions } from '../core/status/conditions.ts';
import { withTimes } from '../core/status/transition-times.ts';
import { decide } from '../core/strategy/decide.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';
import { type Standpoint, situationOf } from './situation.ts';
import type { InstanceSnapshot, SnapshotDraft, VmSnapshot } from './snapshot.ts';
import { standing } from './standing.ts';

/** @param key of a VM or of a file that declares none */
export function publish(ctx: Context, key: string): void {
  const { entry, vm, removed } = standing(ctx, key);
  const record = ctx.records.get(key);
  if (entry === undefined && record === undefined) {
    ctx.board.remove(key);
    return;
  }
  const id = record ?? entry;
  if (id === undefined) return;
  const shown = ctx.board.get(key);
  const file = entry?.path ?? record?.source.path;
  const live = ctx.lives.get(key);
  const draft = {
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
    ...(live === undefined ? {} : { instance: instanceSnapshot(live, ctx.networks.leasesOf(id)) }),
    ...(record === undefined ? {} : heldUp(ctx, key, record, { vm, removed })),
    history: ctx.records.history(key),
  };
  ctx.board.publish({ ...draft, ...conditionsOf(draft, shown, ctx) });
}

type Unconditioned = Omit<SnapshotDraft, 'conditions' | 'instanceConditions'>;

function conditionsOf(
  draft: Unconditioned,
  shown: VmSnapshot | undefined,
  ctx: Pick<Context, 'clock' | 'credentials'>,
): Pick<SnapshotDraft, 'conditions' | 'instanceConditions'> {
  const { record, vm, problems, instance, history } = draft;
  const now = ctx.clock.now();
  const credentials = ctx.credentials.standing(draft.key);
  const input = {
    record,
    vm,
    problems,
    runState: instance?.runState,
    unresponsive: instance?.unresponsive ?? false,
    loops: instance?.loops ?? false,
    ...(instance?.guest === undefined ? {} : { guest: instance.guest }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(draft.held === undefined ? {} : { held: draft.held }),
  };
  const facts = { record, lastRun: history[0], runStateSince: instance?.runStateSince, now };
  const isSameRun = shown?.record?.instance?.uid === record?.instance?.uid;
  const shownOfInstance = isSameRun ? (shown?.instanceConditions ?? []) : [];
  const ofInstance = record?.instance === undefined ? [] : instanceConditions(input);
  return {
    conditions: withTimes(vmConditions(input), shown?.conditions ?? [], facts),
    instanceConditions: withTimes(ofInstance, shownOfInstance, facts),
  };
}

/** What the VM waits for, in the words of whoever decides it. */
function heldUp(
  ctx: Context,
  key: string,
  record: VmRecord,
  standpoint: Standpoint,
): Pick<VmSnapshot, 'held'> {
  const action = decide(situationOf(ctx, key, record, standpoint));
  if (action.kind !== 'wait' || action.held === undefined) return {};
  const { held: by, reason: message, until } = action;
  return { held: { by, message, ...(until === undefined ? {} : { until }) } };
}

/** A file that becomes valid goes on under the uid that it was shown with. */
export function shownUid(ctx: Context, key: string): string {
  return ctx.board.get(key)?.uid ?? randomUUID();
}

function instanceSnapshot(live: LiveInstance, leases: readonly Lease[]): InstanceSnapshot {
  const sight = live.sight();
  const runState = sight.kind === 'live' ? sight.runState : undefined;
  const guest = live.guest.status();
  return {
    resets: live.facts.resets,
    unresponsive: live.unresponsive,
    loops: live.loopUntil !== undefined,
    ...(live.facts.cpusAt === undefined ? {} : { runStateSince: live.facts.cpusAt }),
    ...(runState === undefined ? {} : { runState }),
    ...(live.spawnedAt === undefined ? {} : { spawnedAt: live.spawnedAt }),
    ...(guest === undefined ? {} : { guest }),
    ...(leases.length === 0 ? {} : { leases }),
  };
}
