/**
 * A verdict in plain words, short enough for a table.
 */
import type { RunView, VerdictView } from '../../api/contract.ts';
import type { VerdictReason } from '../../core/model/verdict.ts';
import { formatAge, formatAgo, parseTime } from './age.ts';

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
export function verdictWords(verdict: VerdictView): string {
  return Object.hasOwn(WORDS, verdict.reason) ? WORDS[verdict.reason] : verdict.reason;
}

/** `guest shut down 5m ago`. */
export function lastEndWords(run: RunView, now: number): string {
  return `${verdictWords(run.verdict)} ${formatAgo(run.endedAt, now)}`;
}

/** How long a run was up, or `never ran`. */
export function ranFor(run: RunView): string {
  const from = parseTime(run.runningAt);
  const to = parseTime(run.endedAt);
  return from === undefined || to === undefined ? 'never ran' : formatAge(to - from);
}
