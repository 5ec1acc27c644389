/**
 * THE TABLE of endings: the first row that matches is the verdict. Each row says in words what it looks at;
 * `docs/verdicts.md` is checked against these words by a test. What QEMU leaves behind for each ending was
 * measured on QEMU 7.2 and 10.0.
 */
import type { Initiator } from '../model/evidence.ts';
import type { Outcome, VerdictReason } from '../model/verdict.ts';
import type { EndFacts } from './facts.ts';
import * as say from './messages.ts';

export interface VerdictRow {
  /** The evidence, as the documentation words it. */
  readonly evidence: string;
  readonly outcome: Outcome;
  readonly reason: VerdictReason;
  readonly matches: (facts: EndFacts) => boolean;
  readonly initiator: Initiator | ((facts: EndFacts) => Initiator);
  readonly message: (facts: EndFacts) => string;
}

const SIGHUP = 1;
const SIGINT = 2;
const SIGKILL = 9;
const SIGTERM = 15;
const SIGSYS = 31;

const forcedInitiator = (f: EndFacts): Initiator => f.forced?.initiator ?? 'supervisor';

export const VERDICT_TABLE: readonly VerdictRow[] = [
  {
    evidence: 'its boot is not this boot, and neither the journal nor an exit status tells an end',
    outcome: 'Failed',
    reason: 'HostLost',
    matches: (f) =>
      f.evidence.sameBoot === false &&
      f.shutdown === undefined &&
      f.evidence.exit === undefined &&
      f.watchdog === undefined &&
      !f.panicked &&
      !f.hostShutdown,
    initiator: 'host',
    message: say.hostLost,
  },
  {
    evidence: 'intent: host shutdown',
    outcome: 'Failed',
    reason: 'HostShutdown',
    matches: (f) => f.hostShutdown,
    initiator: 'host',
    message: say.hostShutdown,
  },
  {
    evidence: 'no RESUME in the journal, and QEMU exited by itself or could not be tried',
    outcome: 'Failed',
    reason: 'LaunchFailed',
    matches: (f) =>
      f.evidence.launchError !== undefined ||
      (!f.resumed && f.code !== undefined && f.shutdown === undefined && f.forced === undefined),
    initiator: 'supervisor',
    message: say.launchFailed,
  },
  {
    evidence: 'intent: liveness probe failed',
    outcome: 'Failed',
    reason: 'LivenessProbeFailed',
    matches: (f) => f.liveness,
    initiator: 'supervisor',
    message: say.livenessProbeFailed,
  },
  {
    evidence: 'GUEST_PANICKED, or SHUTDOWN guest-panic',
    outcome: 'Failed',
    reason: 'GuestPanicked',
    matches: (f) => f.panicked,
    initiator: 'guest',
    message: say.guestPanicked,
  },
  {
    evidence: 'WATCHDOG with an action that ended the guest',
    outcome: 'Failed',
    reason: 'WatchdogExpired',
    matches: (f) => f.watchdog !== undefined,
    initiator: 'guest',
    message: say.watchdogExpired,
  },
  {
    evidence: 'SHUTDOWN guest-shutdown after a command had the guest asked (agent, power button)',
    outcome: 'Succeeded',
    reason: 'StoppedByCommand',
    matches: (f) => guestFinished(f) && f.asked !== undefined && f.asked.initiator !== 'file',
    initiator: (f) => f.asked?.initiator ?? 'command',
    message: say.stoppedByCommand,
  },
  {
    evidence: 'SHUTDOWN guest-shutdown after the file had the guest asked',
    outcome: 'Succeeded',
    reason: 'StoppedByFile',
    matches: (f) => guestFinished(f) && f.asked?.initiator === 'file',
    initiator: 'file',
    message: say.stoppedByFile,
  },
  {
    evidence: 'SHUTDOWN guest-shutdown; exit 0, unknown, or killed after it',
    outcome: 'Succeeded',
    reason: 'GuestShutdown',
    matches: guestFinished,
    initiator: 'guest',
    message: say.guestShutdown,
  },
  {
    evidence: 'SHUTDOWN guest-reset (only under rebootPolicy: Terminate)',
    outcome: 'Succeeded',
    reason: 'GuestReboot',
    matches: (f) => f.shutdown === 'guest-reset',
    initiator: 'guest',
    message: say.guestReboot,
  },
  {
    evidence: 'ended by our quit, terminate or kill; no grace period was in force',
    outcome: 'Succeeded',
    reason: 'ForcedOff',
    matches: (f) => endedByUs(f) && f.forced?.gracePeriodSeconds === 0,
    initiator: forcedInitiator,
    message: say.forcedOff,
  },
  {
    evidence: 'ended by our quit, terminate or kill after the grace period',
    outcome: 'Failed',
    reason: 'GracePeriodExpired',
    matches: endedByUs,
    initiator: forcedInitiator,
    message: say.gracePeriodExpired,
  },
  {
    evidence: 'SIGKILL, and the OOM killer is proved',
    outcome: 'Failed',
    reason: 'OutOfMemory',
    matches: (f) => f.evidence.oomProof !== undefined && (f.signal ?? SIGKILL) === SIGKILL,
    initiator: 'host',
    message: say.outOfMemory,
  },
  {
    evidence: 'SHUTDOWN with a host reason, or ended by SIGTERM, SIGINT or SIGHUP; not ours',
    outcome: 'Failed',
    reason: 'TerminatedFromOutside',
    matches: (f) =>
      (f.shutdown?.startsWith('host-') ?? false) ||
      f.signal === SIGTERM ||
      f.signal === SIGINT ||
      f.signal === SIGHUP,
    initiator: 'outside',
    message: say.terminatedFromOutside,
  },
  {
    evidence: 'SIGKILL, not ours',
    outcome: 'Failed',
    reason: 'KilledFromOutside',
    matches: (f) => f.signal === SIGKILL,
    initiator: 'outside',
    message: say.killedFromOutside,
  },
  {
    evidence: 'SIGSYS',
    outcome: 'Failed',
    reason: 'SandboxViolation',
    matches: (f) => f.signal === SIGSYS,
    initiator: 'host',
    message: say.sandboxViolation,
  },
  {
    evidence: 'any other signal',
    outcome: 'Failed',
    reason: 'QemuCrashed',
    matches: (f) => f.signal !== undefined,
    initiator: 'host',
    message: say.qemuCrashed,
  },
  {
    evidence: 'an exit code without an event that explains it',
    outcome: 'Failed',
    reason: 'QemuExited',
    matches: (f) => f.code !== undefined,
    initiator: 'host',
    message: say.qemuExited,
  },
  {
    evidence: 'nothing is known',
    outcome: 'Failed',
    reason: 'Unknown',
    matches: () => true,
    initiator: 'outside',
    message: say.unknown,
  },
];

/** A signal after the guest had finished (a kill in QEMU's teardown) does not undo a clean shutdown. */
function guestFinished(f: EndFacts): boolean {
  const cleanExit = (f.code ?? 0) === 0;
  const killedAfter = f.signal === undefined || f.signal === SIGKILL || f.signal === SIGTERM;
  return f.shutdown === 'guest-shutdown' && cleanExit && killedAfter;
}

/** Our quit and terminate leave a host SHUTDOWN; our kill leaves SIGKILL, or nothing when nobody was the parent. */
function endedByUs(f: EndFacts): boolean {
  if (f.forced === undefined) return false;
  if (f.shutdown !== undefined) return f.shutdown.startsWith('host-');
  if (f.signal !== undefined) return f.signal === SIGKILL || f.signal === SIGTERM;
  return (f.code ?? 0) === 0;
}
