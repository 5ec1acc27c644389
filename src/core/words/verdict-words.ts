/**
 * A verdict in plain words, short enough for a table.
 */
import type { VerdictReason } from '../model/verdict.ts';

const WORDS: Readonly<Record<VerdictReason, string>> = {
  HostLost: 'lost with its host',
  HostShutdown: 'stopped with its host',
  LaunchFailed: 'failed to launch',
  LivenessProbeFailed: 'liveness probe failed',
  GuestPanicked: 'panicked',
  WatchdogExpired: 'watchdog expired',
  GuestShutdown: 'guest shut down',
  StoppedByCommand: 'guest shut down on command',
  StoppedByFile: 'guest shut down as its file asked',
  GuestReboot: 'guest rebooted',
  ForcedOff: 'forced off',
  GracePeriodExpired: 'ended by force after its grace period',
  OutOfMemory: 'killed, out of memory',
  TerminatedFromOutside: 'terminated from outside',
  KilledFromOutside: 'killed from outside (SIGKILL)',
  SandboxViolation: 'QEMU broke its sandbox (SIGSYS)',
  QemuCrashed: 'QEMU crashed',
  QemuExited: 'QEMU exited by itself',
  Unknown: 'ended, cause unknown',
};

/** A reason that this client does not know (a newer daemon) is shown as it is. */
export function verdictWords({ reason }: { readonly reason: VerdictReason }): string {
  return Object.hasOwn(WORDS, reason) ? WORDS[reason] : reason;
}
