/**
 * The observer's own verdict on an ended instance, from the files that any operator can read. Written from the
 * design (section 5), not from the daemon's code.
 */
import { join } from 'node:path';
import { textOf } from './proc.ts';

interface QmpEvent {
  readonly event: string;
  readonly timestamp?: { readonly seconds: number };
  readonly data?: { readonly reason?: string; readonly action?: string };
}

interface Intent {
  readonly action: string;
  readonly initiator: string;
  readonly gracePeriodSeconds: number;
}

export interface Evidence {
  readonly events: readonly QmpEvent[];
  readonly intents: readonly Intent[];
  /** `exited CODE` or `signaled NUMBER`. */
  readonly exit: string | undefined;
}

export function readEvidence(dir: string): Evidence {
  return {
    events: jsonLines<QmpEvent>(join(dir, 'events.jsonl')).filter(({ event }) => event),
    intents: jsonLines<Intent>(join(dir, 'intent')),
    exit: textOf(join(dir, 'exit'))?.trim(),
  };
}

/** What the design says that this ending counts as. */
export function judge({ events, intents, exit }: Evidence): string {
  const lived = events.slice(events.findLastIndex(({ event }) => event === 'RESET') + 1);
  const at = lived.findIndex(({ event }) => event === 'SHUTDOWN');
  const shutdown = lived[at]?.data?.reason;
  const before = at < 0 ? lived : lived.slice(0, at);
  const forced = intents.findLast(({ action }) => action !== 'powerdown');
  // A QEMU that a soft reboot holds stands still after its guest's shutdown, until it is told what next.
  const isHeld = at >= 0 && lived.slice(at).some(({ event }) => event === 'STOP');
  const asked =
    intents.find(({ action }) => action === 'powerdown') ?? (isHeld ? forced : undefined);
  const ran = events.some(({ event }) => event === 'RESUME');
  const signal = /^signaled (\d+)$/.exec(exit ?? '')?.[1];
  const code = /^exited (\d+)$/.exec(exit ?? '')?.[1];

  if (!ran && shutdown === undefined && forced === undefined && signal === undefined)
    return 'LaunchFailed';
  if (shutdown === 'guest-panic' || before.some(({ event }) => event === 'GUEST_PANICKED'))
    return 'GuestPanicked';
  if (before.some(({ event, data }) => event === 'WATCHDOG' && data?.action !== 'reset'))
    return 'WatchdogExpired';
  // A kill in QEMU's last moments changes nothing, but a crash there is one.
  const isCrash = signal !== undefined && signal !== '9' && signal !== '15';
  if (shutdown === 'guest-shutdown' && !isCrash && (code ?? '0') === '0') {
    if (asked === undefined) return 'GuestShutdown';
    return asked.initiator === 'file' ? 'StoppedByFile' : 'StoppedByCommand';
  }
  if (shutdown === 'guest-reset') return 'GuestReboot';
  const byHost = shutdown?.startsWith('host-') === true;
  if (forced !== undefined && (byHost || signal === '9' || signal === '15' || code === '0'))
    return forced.gracePeriodSeconds === 0 ? 'ForcedOff' : 'GracePeriodExpired';
  if (byHost || signal === '15') return 'TerminatedFromOutside';
  if (signal === '9') return 'KilledFromOutside';
  if (signal !== undefined) return 'QemuCrashed';
  return code === undefined ? 'Unknown' : 'QemuExited';
}

/** Lines that are not whole JSON (a full disk) are left out. */
function jsonLines<T>(path: string): readonly T[] {
  const lines = (textOf(path) ?? '').split('\n');
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line.replaceAll('\0', '')) as T];
    } catch {
      return [];
    }
  });
}
