/**
 * The clock of a guest stands still with its CPUs and is behind by as long when they go on, so its agent sets it, as
 * KubeVirt has it done after an unpause (`pkg/virt-launcher/virtwrap`). A guest without an agent looks after itself.
 */
import type { VmRecord } from '../core/model/record.ts';
import { errorMessage } from '../core/thrown.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';

/** A guest that has just woken up has more to do than to answer. */
const SET_TIME_MS = 10_000;
const NANOSECONDS_IN_MS = 1e6;

/** Begins it and does not wait. */
export function setGuestClock(ctx: Context, record: VmRecord, live: LiveInstance): void {
  const { agent } = live.guest;
  if (agent.missing !== undefined) return;
  // Nanoseconds since 1970 (`guest-set-time`), past what a double counts one by one: it is exact to a microsecond.
  const ahead = (record.instance?.spec.clock?.offsetSeconds ?? 0) * 1000;
  const time = (ctx.clock.now() + ahead) * NANOSECONDS_IN_MS;
  const instance = record.instance === undefined ? {} : { instanceUid: record.instance.uid };
  agent.execute('guest-set-time', { time }, SET_TIME_MS).then(
    () =>
      ctx.events.note(record, {
        type: 'Normal',
        reason: 'ClockSet',
        message: "the guest's clock was set after its pause",
        ...instance,
      }),
    (error: unknown) => {
      const words = errorMessage(error);
      ctx.events.note(record, {
        type: 'Warning',
        reason: 'ClockNotSet',
        message: `the guest's clock may be behind by as long as it was paused: ${words}`,
        ...instance,
      });
    },
  );
}
