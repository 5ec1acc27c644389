/** The verdicts in plain words, one sentence each. */

import type { EndFacts } from './facts.ts';
import { signalName } from './signals.ts';

export const hostLost = (): string =>
  'The host went down without warning (power loss, crash or reset) while the guest ran.';

export const hostShutdown = (): string =>
  'The guest was stopped because the host shut down or was drained.';

export function launchFailed(f: EndFacts): string {
  const words = f.evidence.launchError ?? lastWords(f.evidence.stderrTail);
  const { diskHolder } = f.evidence;
  const holder = diskHolder === undefined ? '' : ` (${diskHolder})`;
  if (words !== undefined) return `The guest could not be launched: ${words}${holder}`;
  return `QEMU exited with code ${f.code ?? 'unknown'} before the guest ran, and said nothing.`;
}

export const livenessProbeFailed = (): string =>
  'The liveness probe failed, so the guest was stopped.';

export const guestPanicked = (f: EndFacts): string =>
  `The guest kernel panicked${quoteLine(f, /kernel panic|bugcheck/i)}.`;

export const watchdogExpired = (f: EndFacts): string =>
  `The guest stopped feeding its watchdog, whose action is ${f.watchdog}.`;

export const stoppedByCommand = (f: EndFacts): string =>
  f.asked?.initiator === 'outside'
    ? 'The guest shut down when its systemd unit was stopped.'
    : 'The guest shut down when a command asked it to.';

export const stoppedByFile = (): string =>
  'The guest shut down because its file asked for it (runStrategy Halted, or the file was removed).';

export const guestShutdown = (): string => 'The guest shut itself down.';

export function guestReboot(f: EndFacts): string {
  const panic = quoteLine(f, /kernel panic/i);
  if (panic !== '')
    return `The guest rebooted, but its console shows a kernel panic${panic}; rebootPolicy Terminate made that its end.`;
  return 'The guest rebooted, and rebootPolicy Terminate made that its end.';
}

export const forcedOff = (f: EndFacts): string =>
  `The guest was forced off (${f.forced?.action}) at once: no grace period was in force.`;

export const gracePeriodExpired = (f: EndFacts): string =>
  `The guest did not shut down within its grace period of ${f.forced?.gracePeriodSeconds} s and was forced off (${f.forced?.action}).`;

export const outOfMemory = (f: EndFacts): string =>
  `QEMU went beyond its memory limit, or the host ran out of memory; the kernel killed it (${f.evidence.oomProof}).`;

export function terminatedFromOutside(f: EndFacts): string {
  const who = /terminating on signal \d+ from pid \d+(?: \([^)]*\))?/.exec(f.evidence.stderrTail);
  if (who !== null) return `Somebody ended QEMU: ${who[0]}.`;
  if (f.shutdown === 'host-qmp-quit')
    return 'Somebody ended QEMU with "quit" over another monitor.';
  if (f.signal !== undefined) return `Somebody ended QEMU with ${signalName(f.signal)}.`;
  return `Somebody ended QEMU (${f.shutdown}).`;
}

export const killedFromOutside = (): string =>
  'Somebody killed QEMU with SIGKILL; it was not solovirt, and no OOM kill is on record.';

export const sandboxViolation = (): string =>
  'QEMU made a system call that its sandbox forbids (SIGSYS).';

export const qemuCrashed = (f: EndFacts): string =>
  `QEMU crashed with ${signalName(f.signal ?? 0)}${stderrWords(f)}.`;

export const qemuExited = (f: EndFacts): string =>
  `QEMU exited with code ${f.code} and left no event that explains it${stderrWords(f)}.`;

export const unknown = (): string =>
  'The instance is gone, and nothing was left that tells how it ended.';

function stderrWords(f: EndFacts): string {
  const words = lastWords(f.evidence.stderrTail);
  return words === undefined ? '' : `: ${words}`;
}

function quoteLine(f: EndFacts, pattern: RegExp): string {
  const line = f.evidence.consoleTail.split('\n').find((l) => pattern.test(l));
  return line === undefined ? '' : `: "${withoutKernelTime(line.trim()).slice(0, 160)}"`;
}

/** The kernel's log time, such as `[    2.188638]`, says nothing to whoever reads a verdict. */
function withoutKernelTime(line: string): string {
  return line.replace(/^\[ *\d+\.\d+\] */, '');
}

/** QEMU's last words, without their timestamps: a complaint and its hint can take several lines. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim().replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z\s+/, ''))
    .filter((line) => line !== '');
  return lines.length === 0 ? undefined : lines.slice(-3).join(' ');
}
