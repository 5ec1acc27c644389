/** A QEMU that has told its end and does not get there. Pure. */
import type { InstanceRecord } from '../model/record.ts';
import type { Action } from './action.ts';
import type { InstanceView } from './situation.ts';
import { isForced } from './stop-ladder.ts';

/** QEMU 7.2 can wait for ever in its own end (`monitor_cleanup`); most are gone within milliseconds. */
export const END_MS = 10_000;

/**
 * Nothing is asked of a QEMU that is about to end, for that can be what it hangs in; after a while it is killed. A stop that
 * forces it goes on.
 * @returns undefined when it is not about to end
 */
export function hungEnd(
  { stop, hungEndKilledAt }: InstanceRecord,
  seen: InstanceView,
  now: number,
): Action | undefined {
  if (seen.kind !== 'live' || seen.endTold === undefined) return undefined;
  if (stop !== undefined && isForced(stop)) return undefined;
  if (hungEndKilledAt !== undefined)
    return { kind: 'wait', reason: 'QEMU hung in its end and was killed' };
  const until = seen.endTold + END_MS;
  if (now < until) return { kind: 'wait', reason: 'QEMU has told its end', until };
  return { kind: 'end-hung', reason: 'QEMU has told its end and does not get there' };
}
