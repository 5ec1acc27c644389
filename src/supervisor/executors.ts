/**
 * One executor per action, checked by a mapped type: an action without an executor does not compile. Each stores
 * what it is about to do and then does it (a guest runs, and is stopped, only when that is on the disk), so that a daemon
 * which dies in between is followed by one that asks the same question again. None waits for a guest: waiting is the
 * queue's business.
 */
import { randomUUID } from 'node:crypto';
import type { Initiator, Intent } from '../core/model/evidence.ts';
import type { VmRecord } from '../core/model/record.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import { sizeFindings } from '../core/preflight.ts';
import { chooseCid } from '../core/qemu-args/vsock.ts';
import { templateOf } from '../core/status/conditions.ts';
import type { Action } from '../core/strategy/action.ts';
import { isAsking } from '../core/strategy/stop-ladder.ts';
import {
  discarded,
  rungTaken,
  started,
  stopBegun,
  withInstance,
} from '../core/strategy/transitions.ts';
import { claimBytes } from '../qemu/claim-size.ts';
import { appendIntent } from '../qemu/intent.ts';
import { conclude } from './conclude.ts';
import type { Context } from './context.ts';
import { forget } from './evidence-store.ts';
import { thawGuest } from './guest-freeze.ts';
import { undoCommand } from './instance-command.ts';
import { endHung, takeRung } from './rungs.ts';
import {
  askSoftReboot,
  finishReset,
  finishSoftReboot,
  giveUpSoftReboot,
  retryIo,
} from './running.ts';

export interface ActionInput {
  readonly ctx: Context;
  readonly key: string;
  readonly record: VmRecord;
  readonly vm: VirtualMachine | undefined;
}

type Executor<K extends Action['kind']> = (
  input: ActionInput,
  action: Extract<Action, { kind: K }>,
) => Promise<void> | void;

export type ActingKind = Exclude<Action['kind'], 'wait'>;

export const EXECUTORS: { readonly [K in ActingKind]: Executor<K> } = {
  provision: ({ ctx, key, vm }) => vm && ctx.provisioner.make(key, vm),
  start,
  discard,
  'run-guest': runGuest,
  'mark-running': markRunning,
  'begin-stop': beginStop,
  'take-rung': takeRungOfLadder,
  'finish-reset': ({ ctx, key, record }) => finishReset(ctx, key, record),
  'ask-soft-reboot': ({ ctx, key, record }) => askSoftReboot(ctx, key, record),
  'finish-soft-reboot': ({ ctx, key, record }) => finishSoftReboot(ctx, key, record),
  'give-up-soft-reboot': ({ ctx, key, record }) => giveUpSoftReboot(ctx, key, record),
  'retry-io': ({ ctx, key, record }) => retryIo(ctx, key, record),
  thaw: ({ ctx, key, record }) => thawGuest(ctx, key, record),
  'undo-command': ({ ctx, key, record }, { verb }) => undoCommand(ctx, key, record, verb),
  'end-hung': ({ ctx, key, record }) => endHung(ctx, key, record),
  'dump-memory': dumpMemory,
  conclude: ({ ctx, key, record }) => conclude(ctx, key, record),
  forget: ({ ctx, key, record }) => forget(ctx, key, record),
};

/** Carries out an action. */
export async function execute(
  input: ActionInput,
  action: Extract<Action, { kind: ActingKind }>,
): Promise<void> {
  // The mapped type pairs every kind with its own executor; TypeScript cannot follow that through the lookup.
  const executor = EXECUTORS[action.kind] as Executor<ActingKind>;
  await executor(input, action);
}

function start(
  { ctx, key, record, vm }: ActionInput,
  action: Extract<Action, { kind: 'start' }>,
): void {
  if (vm === undefined) return;
  const { spec } = vm.template;
  const now = ctx.clock.now();
  const uid = randomUUID();
  ctx.records.save(
    started(record, {
      uid,
      phase: 'Pending',
      createdAt: now,
      startedAt: now,
      generation: record.generation,
      startPaused: action.paused || spec.startPaused,
      gracePeriodSeconds: spec.gracePeriodSeconds,
      acpi: spec.acpi,
      template: templateOf(vm),
      spec,
      ...(spec.vsock === true && { vsockCid: chooseCid(record, cidsInUse(ctx)) }),
      pausedByUser: false,
    }),
  );
  ctx.events.note(record, {
    type: 'Normal',
    // KubeVirt's reason (`common.SuccessfulCreateVirtualMachineInstanceReason`).
    reason: 'SuccessfulCreate',
    message: `created instance ${uid} (${action.reason})`,
    instanceUid: uid,
    about: 'vm',
  });
  for (const { message } of sizeFindings(vm, (claim) =>
    claimBytes(ctx.settings.imagesDir, vm, claim),
  ))
    ctx.events.note(record, { type: 'Warning', reason: 'DiskNotShrunk', message, about: 'vm' });
  ctx.launch(key, uid);
}

function cidsInUse({ records }: Context): ReadonlySet<number> {
  return new Set(records.keys().flatMap((key) => records.get(key)?.instance?.vsockCid ?? []));
}

async function discard({ ctx, key, record }: ActionInput): Promise<void> {
  const { instance } = record;
  if (instance === undefined) return;
  ctx.lives.delete(key);
  await ctx.settings.launcher.discard(record, ctx.paths(instance.uid));
  ctx.records.save(discarded(record, ctx.clock.now()));
  ctx.networks.settle();
}

async function runGuest({ ctx, key, record }: ActionInput): Promise<void> {
  const live = ctx.lives.get(key);
  ctx.records.save(
    withInstance(record, {
      phase: 'Scheduled',
      scheduledAt: ctx.clock.now(),
      ...(live?.identity === undefined ? {} : { process: live.identity }),
    }),
  );
  // Whatever the guest does, after a loss of the host's power it is known that there was one.
  await ctx.records.flushed();
  await live?.execute('cont');
}

function markRunning({ ctx, key, record }: ActionInput, action: { paused: boolean }): void {
  const live = ctx.lives.get(key);
  const runningAt = live?.facts.resumedAt ?? ctx.clock.now();
  ctx.records.save(
    withInstance(record, {
      phase: 'Running',
      runningAt,
      pausedByUser: action.paused,
      ...(live?.identity === undefined ? {} : { process: live.identity }),
    }),
  );
  const message = action.paused ? 'the guest is ready and starts paused' : 'the guest runs';
  noteInstance(ctx, record, 'Normal', 'Started', message);
}

function beginStop(
  { ctx, record }: ActionInput,
  action: Extract<Action, { kind: 'begin-stop' }>,
): void {
  store(ctx, stopBegun(record, action.stop));
  const message = `stopping: ${action.reason}; grace period ${action.stop.gracePeriodSeconds} s`;
  noteInstance(ctx, record, 'Normal', 'Stopping', message);
}

async function takeRungOfLadder(
  { ctx, key, record }: ActionInput,
  action: Extract<Action, { kind: 'take-rung' }>,
): Promise<void> {
  const { instance } = record;
  const live = ctx.lives.get(key);
  if (instance?.stop === undefined || live === undefined) return;
  const at = ctx.clock.now();
  const { rung, gracePeriodSeconds } = action;
  // Both witnesses before the deed: the evidence directory must tell our end from a stranger's by itself.
  const { initiator } = instance.stop;
  const mark = instance.stop.rung === undefined ? MARKS[initiator] : undefined;
  const intents = mark === undefined ? [rung] : [mark, rung];
  for (const action of intents)
    await intend(ctx, live.paths, { action, initiator, gracePeriodSeconds, at });
  if (initiator !== 'host') await ctx.records.flushed();
  store(ctx, rungTaken(record, rung, at));
  if (instance.stop.rung !== rung) {
    const type = isAsking(rung) ? 'Normal' : 'Warning';
    noteInstance(ctx, record, type, 'StopRung', RUNG_WORDS[rung]);
  }
  takeRung(ctx, live, rung, (message) =>
    noteInstance(ctx, record, 'Warning', 'AgentShutdownFailed', message),
  );
}

/** Begins it and does not wait for QEMU, which goes through all of the memory before it answers. */
function dumpMemory({ ctx, key, record }: ActionInput): void {
  const live = ctx.lives.get(key);
  if (record.instance === undefined || live === undefined) return;
  const file = {
    here: live.paths.memoryDump,
    inQemu: ctx.settings.launcher.seenBy(live.paths).memoryDump,
  };
  const begun = live.dump.begin(
    (...call) => live.execute(...call),
    file,
    record.instance.spec.memoryBytes,
  );
  void begun.then(() => ctx.queue.add(key));
}

/** Whatever the guest does when it is asked, its end is the host's doing, or the probe's. */
const MARKS: Readonly<Partial<Record<Initiator, Intent['action']>>> = {
  host: 'host-shutdown',
  supervisor: 'liveness-probe-failed',
};

/** @throws what the disk has against it, unless the host goes down: then the guest is to be asked all the same */
async function intend(ctx: Context, paths: InstancePaths, intent: Intent): Promise<void> {
  try {
    await appendIntent(paths, intent);
  } catch (error) {
    if (intent.initiator !== 'host') throw error;
    ctx.log.warn({ uid: paths.uid, error }, 'what is about to be done could not be written down');
  }
}

/** @throws StateWriteError, unless the host goes down: it does not wait until there is room on its disk */
function store(ctx: Context, record: VmRecord): void {
  if (record.instance?.stop?.initiator === 'host') ctx.records.take(record);
  else ctx.records.save(record);
}

const RUNG_WORDS = {
  'agent-shutdown': 'asked the agent in the guest to shut it down',
  powerdown: 'asked the guest to shut down (ACPI power button)',
  quit: 'told QEMU to quit',
  terminate: 'sent SIGTERM to QEMU',
  kill: 'sent SIGKILL to QEMU and its children',
} as const;

function noteInstance(
  ctx: Context,
  record: VmRecord,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const instanceUid = record.instance?.uid;
  ctx.events.note(record, {
    type,
    reason,
    message,
    ...(instanceUid === undefined ? {} : { instanceUid }),
  });
}
