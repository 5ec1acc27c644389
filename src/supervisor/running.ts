/**
 * What is done to a guest that runs: soft reboot and the resume after a disk error.
 *
 * A soft reboot asks the guest to shut down while QEMU is told to hold instead of exit, and then resets it: the
 * same QEMU process goes on, as with libvirt's ACPI reboot. QEMU's hold is undone afterwards, also by a daemon
 * that finds it left over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmRecord } from '../core/model/record.ts';
import { nextIoRetry } from '../core/strategy/io-retry.ts';
import { resetDelay } from '../core/strategy/reset-delay.ts';
import { withInstance } from '../core/strategy/transitions.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';
import { setGuestClock } from './guest-clock.ts';

/** QMP `set-action`: what QEMU does when the guest shuts down. */
export async function holdAtShutdown(live: LiveInstance, hold: boolean): Promise<void> {
  await live.execute('set-action', { shutdown: hold ? 'pause' : 'poweroff' });
}

/**
 * Under `rebootPolicy: Terminate` a reset ends the guest, but not one that was asked for. `finishReset` makes QEMU
 * end at the next one again.
 * @returns the record to be stored while QEMU does not
 */
async function surviveReset(ctx: Context, live: LiveInstance, record: VmRecord): Promise<VmRecord> {
  if (record.instance?.spec.rebootPolicy !== 'Terminate') return record;
  const surviving = withInstance(record, { resetAt: ctx.clock.now() });
  ctx.records.save(surviving);
  await live.execute('set-action', { reboot: 'reset' });
  return surviving;
}

/**
 * Waits for the guest's firmware first, half a second at most.
 * @throws QmpError when QEMU does not carry it out
 */
export async function resetGuest(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  if (live === undefined) return;
  await sleep(resetDelay([live.facts.cpusAt, live.facts.resetAt], ctx.clock.now()));
  await surviveReset(ctx, live, record);
  await live.execute('system_reset');
}

export async function finishReset(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  if (record.instance === undefined || live === undefined) return;
  await live.execute('set-action', { reboot: 'shutdown' });
  const { resetAt: _, ...instance } = record.instance;
  ctx.records.save({ ...record, instance });
}

/** @throws QmpError when QEMU does not carry it out */
export async function askSoftReboot(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  const softReboot = record.instance?.softReboot;
  if (live === undefined || softReboot === undefined) return;
  await holdAtShutdown(live, true);
  await live.execute('system_powerdown');
  const askedAt = ctx.clock.now();
  ctx.records.save(withInstance(record, { softReboot: { ...softReboot, askedAt } }));
}

export async function finishSoftReboot(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  if (record.instance === undefined || live === undefined) return;
  const now = ctx.clock.now();
  const softReboot = record.instance.softReboot ?? { at: now, deadline: now };
  let stored = withInstance(record, { softReboot: { ...softReboot, waking: true } });
  ctx.records.save(stored);
  const sight = live.sight();
  if (sight.kind === 'live' && sight.runState === 'shutdown') {
    stored = await surviveReset(ctx, live, stored);
    await live.execute('system_reset');
  }
  await holdAtShutdown(live, false);
  await live.execute('cont');
  ctx.records.save(withoutSoftReboot(stored));
  ctx.events.note(record, {
    type: 'Normal',
    reason: 'SoftRebooted',
    message: 'the guest shut down and was started again in the same QEMU',
  });
}

export async function giveUpSoftReboot(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  if (live === undefined) return;
  await holdAtShutdown(live, false);
  ctx.records.save(withoutSoftReboot(record));
  ctx.events.note(record, {
    type: 'Warning',
    reason: 'SoftRebootIgnored',
    message: 'the guest did not shut down for the soft reboot; nothing was forced',
  });
}

function withoutSoftReboot(record: VmRecord): VmRecord {
  if (record.instance === undefined) return record;
  const { softReboot: _, ...instance } = record.instance;
  return { ...record, instance };
}

export async function retryIo(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  const ioRetry = nextIoRetry(record.instance?.ioRetry, ctx.clock.now());
  ctx.records.save(withInstance(record, { ioRetry }));
  ctx.events.note(record, {
    type: 'Warning',
    reason: 'DiskErrorRetry',
    message: `a disk error had paused the guest; resumed (attempt ${ioRetry.attempts})`,
  });
  await live?.execute('cont');
  if (live !== undefined) setGuestClock(ctx, record, live);
}
