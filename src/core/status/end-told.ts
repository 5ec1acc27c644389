/** Whether QEMU has told that it is about to end. Pure. */
import type { QmpEvent } from '../model/evidence.ts';

/** A guest that goes on, or is held by QEMU: `-action shutdown=pause` stops the CPUs after the same SHUTDOWN. */
const GOES_ON = new Set(['STOP', 'RESUME', 'RESET']);

/** Takes in the next event. @returns when QEMU told its end (Unix ms); undefined while it did not */
export function tellEnd(told: number | undefined, event: QmpEvent): number | undefined {
  if (GOES_ON.has(event.event)) return undefined;
  return told ?? (isEnd(event) ? event.at : undefined);
}

/** A watchdog that powers off ends QEMU without a SHUTDOWN (hw/watchdog/watchdog.c). */
function isEnd({ event, data }: QmpEvent): boolean {
  switch (event) {
    case 'SHUTDOWN':
      return true;
    case 'GUEST_PANICKED':
    case 'WATCHDOG':
      return data['action'] === 'poweroff';
    default:
      return false;
  }
}
