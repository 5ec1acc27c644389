/** Which changes of a record must wait for the disk. Pure. */
import type { VmRecord } from '../model/record.ts';

/**
 * Whether the change is to be found again after the host has lost power. How a living instance fares is not: it ends
 * with the host. That there is one, and who wants it to stop, is.
 * @param before as last stored
 */
export function mustOutlastHost(before: VmRecord | undefined, after: VmRecord): boolean {
  if (before?.instance === undefined || before.instance.uid !== after.instance?.uid) return true;
  return lasting(before) !== lasting(after);
}

function lasting(record: VmRecord): string {
  const { initiator, gracePeriodSeconds, commanded } = record.instance?.stop ?? {};
  return JSON.stringify({ ...record, instance: [initiator, gracePeriodSeconds, commanded] });
}
