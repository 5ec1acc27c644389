/**
 * pause, unpause, reset and soft reboot: commands to the live instance, which touch neither the strategy nor the
 * file. Rules and wording are KubeVirt's (`pkg/virt-api/rest`).
 */
import type { AbandonedVerb, InstanceRecord, VmRecord } from '../core/model/record.ts';
import { isHalted } from '../core/status/printable-status.ts';
import { withInstance } from '../core/strategy/transitions.ts';
import { errorMessage } from '../core/thrown.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import { QmpClosedError, QmpTimeoutError } from '../qemu/qmp-error.ts';
import type { Context } from './context.ts';
import { setGuestClock } from './guest-clock.ts';
import { publish } from './publish.ts';
import { conflict, notFound, Refusal } from './refusal.ts';
import { askSoftReboot, holdAtShutdown, resetGuest } from './running.ts';

export type InstanceVerb = 'pause' | 'unpause' | 'reset' | 'softreboot';

/** A guest whose grace period is shorter still gets this long to shut down for a soft reboot. */
const SOFT_REBOOT_AT_LEAST_MS = 10_000;

interface Target {
  readonly ctx: Context;
  readonly key: string;
  readonly record: VmRecord;
  readonly instance: InstanceRecord;
  readonly live: LiveInstance;
  readonly runState: string;
}

interface InstanceAction {
  /** @returns why not, or undefined */
  readonly refuses: (target: Target) => string | undefined;
  readonly act: (target: Target) => Promise<void>;
  readonly reason: string;
  readonly message: string;
}

const ACTIONS: Readonly<Record<InstanceVerb, InstanceAction>> = {
  pause: {
    refuses: ({ runState }) => (isHalted(runState) ? 'VMI is already paused' : undefined),
    act: async ({ ctx, record, live }) => {
      ctx.records.save(withInstance(record, { pausedByUser: true }));
      await live.execute('stop');
      // Whoever is answered may unpause it at once.
      await live.refreshRunState();
    },
    reason: 'Paused',
    message: 'paused by a command',
  },
  unpause: {
    refuses: ({ runState }) => (isHalted(runState) ? undefined : 'VMI is not paused'),
    act: async ({ ctx, record, live, runState }) => {
      ctx.records.save(withInstance(record, { pausedByUser: false }));
      if (runState === 'suspended') {
        // It slept, and sets its clock itself when it wakes up.
        await live.execute('system_wakeup');
        return;
      }
      await live.execute('cont');
      setGuestClock(ctx, record, live);
    },
    reason: 'Unpaused',
    message: 'unpaused by a command',
  },
  reset: {
    refuses: () => undefined,
    act: reset,
    reason: 'Reset',
    message: 'reset by a command',
  },
  softreboot: {
    refuses: ({ runState, instance }) => {
      if (isHalted(runState)) return 'VMI is paused';
      if (instance.freeze !== undefined)
        return 'the file systems of the VMI are frozen: unfreeze it first';
      if (!instance.acpi) return 'VMI does not have the ACPI feature enabled';
      return instance.softReboot === undefined ? undefined : 'a soft reboot is under way';
    },
    act: softReboot,
    reason: 'SoftRebootRequested',
    message: 'soft reboot: asked the guest to shut down, to be started again in the same QEMU',
  },
};

/** @throws Refusal */
export async function commandInstance(
  ctx: Context,
  key: string,
  verb: InstanceVerb,
  dryRun: boolean,
): Promise<void> {
  await ctx.queue.exclusive(key, async () => {
    const target = findTarget(ctx, key);
    const action = ACTIONS[verb];
    const refusal = action.refuses(target);
    if (refusal !== undefined) throw conflict(refusal);
    if (dryRun) return;
    try {
      await action.act(target);
    } catch (error) {
      ctx.records.save(undone(target, ctx.records.get(key), abandonedBy(verb, error)));
      // Whoever asks after the refusal sees that QEMU does not answer.
      publish(ctx, key);
      throw new Refusal(`QEMU did not carry it out: ${errorMessage(error)}`, {
        kind: 'unavailable',
        cause: error,
      });
    }
    const { reason, message } = action;
    const instanceUid = target.instance.uid;
    ctx.events.note(target.record, { type: 'Normal', reason, message, instanceUid });
  });
  ctx.queue.add(key);
}

/**
 * As before the command; only that QEMU may have been told to survive a reset, and may carry the command out later, must
 * not be forgotten.
 */
function undone(
  { record }: Target,
  stored: VmRecord | undefined,
  abandoned: AbandonedVerb | undefined,
): VmRecord {
  const resetAt = stored?.instance?.resetAt;
  return withInstance(record, {
    ...(resetAt === undefined ? {} : { resetAt }),
    ...(abandoned === undefined ? {} : { abandoned }),
  });
}

/** QEMU may have read it, and reads it yet where it hung, unless it notices first that nobody waits for the answer. */
function abandonedBy(verb: InstanceVerb, error: unknown): AbandonedVerb | undefined {
  const isUnknown = error instanceof QmpTimeoutError || error instanceof QmpClosedError;
  return isUnknown && verb !== 'reset' ? verb : undefined;
}

/**
 * What QEMU did of a command that was refused is taken back, before anybody is shown it. A session that is new is answered
 * after all that came over the one before.
 * @throws QmpError when QEMU does not carry it out
 */
export async function undoCommand(
  ctx: Context,
  key: string,
  record: VmRecord,
  verb: AbandonedVerb,
): Promise<void> {
  const live = ctx.lives.get(key);
  const sight = live?.sight();
  if (record.instance === undefined || live === undefined || sight?.kind !== 'live') return;
  const { abandoned: _, ...instance } = record.instance;
  const isDone = await takeBack(live, verb, sight.runState, instance.pausedByUser);
  ctx.records.save({ ...record, instance });
  if (!isDone) return;
  ctx.log.info({ vm: key, verb }, 'QEMU carried out a command that had been refused; taken back');
}

/** @returns false when there was nothing to be done */
async function takeBack(
  live: LiveInstance,
  verb: AbandonedVerb,
  runState: string | undefined,
  pausedByUser: boolean,
): Promise<boolean> {
  switch (verb) {
    case 'pause':
      if (runState !== 'paused' || pausedByUser) return false;
      await live.execute('cont');
      return true;
    case 'unpause':
      if (runState !== 'running' || !pausedByUser) return false;
      await live.execute('stop');
      await live.refreshRunState();
      return true;
    case 'softreboot':
      await holdAtShutdown(live, false);
      return true;
  }
}

function findTarget(ctx: Context, key: string): Target {
  const record = ctx.records.get(key);
  const live = ctx.lives.get(key);
  const instance = record?.instance;
  if (record === undefined || instance === undefined || live === undefined) {
    const name = key.slice(key.indexOf('/') + 1);
    if (record === undefined)
      throw notFound(`virtualmachineinstances.kubevirt.io "${name}" not found`);
    throw conflict('VM is not running');
  }
  if (instance.phase !== 'Running') throw conflict('VM is not running yet');
  if (instance.stop !== undefined) throw conflict('VM is being stopped');
  const sight = live.sight();
  if (sight.kind !== 'live' || sight.runState === undefined || !sight.monitor)
    throw new Refusal('QEMU does not answer its monitor', { kind: 'unavailable' });
  return { ctx, key, record, instance, live, runState: sight.runState };
}

function reset({ ctx, key, record }: Target): Promise<void> {
  return resetGuest(ctx, key, record);
}

async function softReboot({ ctx, key, record, instance }: Target): Promise<void> {
  const at = ctx.clock.now();
  const patience = Math.max(instance.gracePeriodSeconds * 1000, SOFT_REBOOT_AT_LEAST_MS);
  const asked = withInstance(record, { softReboot: { at, deadline: at + patience } });
  ctx.records.save(asked);
  await askSoftReboot(ctx, key, asked);
}
