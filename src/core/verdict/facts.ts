/**
 * Reads from the evidence the few facts that the verdict table asks about. Pure.
 *
 * Only what came after the last RESET counts as the end: a guest that was reset lived on, so a panic, watchdog or
 * SHUTDOWN before it (a soft reboot holds QEMU in its shutdown state and then resets it) ended nothing. Of the
 * SHUTDOWN events that remain the FIRST counts: a held QEMU emits a second one when it is told to quit.
 */
import type { Evidence, Intent, QmpEvent } from '../model/evidence.ts';

export interface EndFacts {
  readonly evidence: Evidence;
  /** Guest code ran at least once. */
  readonly resumed: boolean;
  /** Reason of the SHUTDOWN event that counts (QAPI `ShutdownCause`). */
  readonly shutdown?: string;
  readonly panicked: boolean;
  /** Action of a WATCHDOG event that ended the guest. */
  readonly watchdog?: string;
  /** When we first asked its guest to shut down; where a soft reboot had shut the guest down already, what came instead. */
  readonly asked?: Intent;
  /** Our last quit, terminate or kill. */
  readonly forced?: Intent;
  readonly hostShutdown: boolean;
  readonly liveness: boolean;
  /** Signal that ended QEMU. */
  readonly signal?: number;
  /** Code that QEMU exited with. */
  readonly code?: number;
}

export function endFacts(evidence: Evidence): EndFacts {
  const tail = sinceLastReset(evidence.events);
  const shutdownAt = tail.findIndex((e) => e.event === 'SHUTDOWN');
  const before = shutdownAt < 0 ? tail : tail.slice(0, shutdownAt);
  const shutdown = text(tail[shutdownAt]?.data['reason']);
  const watchdog = endingWatchdog(before, shutdown);
  const forced = evidence.intents.findLast(isForced);
  // QEMU stops its CPUs after a SHUTDOWN only when it is held (`-action shutdown=pause`): then it was left to us to end it.
  const held = shutdownAt >= 0 && tail.slice(shutdownAt).some((e) => e.event === 'STOP');
  const asked = evidence.intents.find(isAsking) ?? (held ? forced : undefined);
  const { exit } = evidence;
  return {
    evidence,
    resumed: evidence.events.some((e) => e.event === 'RESUME'),
    panicked: shutdown === 'guest-panic' || before.some((e) => e.event === 'GUEST_PANICKED'),
    hostShutdown: evidence.intents.some((i) => i.action === 'host-shutdown'),
    liveness: evidence.intents.some((i) => i.action === 'liveness-probe-failed'),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(watchdog === undefined ? {} : { watchdog }),
    ...(asked === undefined ? {} : { asked }),
    ...(forced === undefined ? {} : { forced }),
    ...(exit?.kind === 'signaled' ? { signal: exit.signal } : {}),
    ...(exit?.kind === 'exited' ? { code: exit.code } : {}),
  };
}

function sinceLastReset(events: readonly QmpEvent[]): readonly QmpEvent[] {
  return events.slice(events.findLastIndex((e) => e.event === 'RESET') + 1);
}

/**
 * A watchdog that resets ends the instance only where a reset does (`rebootPolicy: Terminate`); one that asks for
 * a shutdown or powers off always counts, although QEMU then exits 0, with `poweroff` even without a SHUTDOWN.
 */
function endingWatchdog(
  before: readonly QmpEvent[],
  shutdown: string | undefined,
): string | undefined {
  const actions = before.filter((e) => e.event === 'WATCHDOG').map((e) => text(e.data['action']));
  return actions.find(
    (a) => a === 'poweroff' || a === 'shutdown' || (a === 'reset' && shutdown === 'guest-reset'),
  );
}

function isAsking(intent: Intent): boolean {
  return intent.action === 'agent-shutdown' || intent.action === 'powerdown';
}

function isForced(intent: Intent): boolean {
  return intent.action === 'quit' || intent.action === 'terminate' || intent.action === 'kill';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
