/**
 * What is done to a guest that runs: soft reboot and the resume after a disk error.
 *
 * A soft reboot asks the guest to shut down while QEMU is told to hold instead of exit, and then resets it: the
 * same QEMU process goes on, as with libvirt's ACPI reboot. QEMU's hold is undone afterwards, also by a daemon
 * that finds it left over.
 */
import type { VmRecord } from '../core/model/record.ts';
import { nextIoRetry } from '../core/strategy/io-retry.ts';
import { withInstance } from '../core/strategy/transitions.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';

/** QMP `set-action`: what QEMU does when the guest shuts down. */
export async function holdAtShutdown(live: LiveInstance, hold: boolean): Promise<void> {
  await live.execute('set-action', { shutdown: hold ? 'pause' : 'poweroff' });
}

export async function finishSoftReboot(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  if (live === undefined) return;
  const sight = live.sight();
  const waiting = sight.kind === 'live' && sight.runState === 'shutdown';
  if (waiting) await live.execute('system_reset');
  await holdAtShutdown(live, false);
  await live.execute('cont');
  ctx.records.save(withoutSoftReboot(record));
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
}
