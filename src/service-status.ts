/** What the service manager is told of the VMs, from the board. */
import { printableStatus, provisioningOf } from './core/status/printable-status.ts';
import { statusLine } from './core/systemd/status-line.ts';
import type { Board } from './supervisor/board.ts';

/** `12 VMs: 9 running, 3 stopped` */
export function vmStatusLine(board: Board, draining: boolean): string {
  const states = board.all().map(({ record, vm, terminatingSince, instance, held }) =>
    printableStatus({
      record,
      valid: vm !== undefined,
      terminating: terminatingSince !== undefined,
      runState: instance?.runState,
      ...provisioningOf(held?.by),
      draining,
    }),
  );
  return statusLine({ states, draining });
}
