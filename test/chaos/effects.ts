/** What may come of what is done to a QEMU: endings, boots, deafness. */
import type { Done } from './book.ts';
import type { EndingSignal, Key, MonitorCommand, VmDeed } from './schedule.ts';

export const NOTHING_DONE = {
  ends: [],
  resets: 0,
  deafens: false,
  softReboots: false,
  pauses: false,
} as const;

export type QemuDeed = Extract<VmDeed, { kind: 'key' | 'monitor' | 'signal' | 'freeze' }>;

/** For the count of actions. */
export function nameOf(deed: QemuDeed): string {
  switch (deed.kind) {
    case 'key':
      return `guest ${deed.key}`;
    case 'monitor':
      return `monitor ${deed.command}`;
    case 'signal':
      return `QEMU ${deed.signal}`;
    case 'freeze':
      return 'QEMU SIGSTOP';
  }
}

export type Effects = Omit<Done, 'from' | 'to' | 'uid'>;

export function effects(deed: QemuDeed, terminates: boolean): Effects {
  switch (deed.kind) {
    case 'key':
      return ofKey(deed.key, terminates);
    case 'monitor':
      return ofMonitor(deed.command);
    case 'signal':
      return { ...NOTHING_DONE, ends: [BY_SIGNAL[deed.signal]] };
    case 'freeze':
      return { ...NOTHING_DONE, deafens: true };
  }
}

function ofKey(key: Key, terminates: boolean): Effects {
  switch (key) {
    case 'off':
      return { ...NOTHING_DONE, ends: ['GuestShutdown'] };
    case 'panic':
      return { ...NOTHING_DONE, ends: ['GuestPanicked'] };
    case 'reset':
    case 'crash':
      return { ...NOTHING_DONE, ends: terminates ? ['GuestReboot'] : [], resets: 1 };
    case 'deaf':
      return { ...NOTHING_DONE, deafens: true };
  }
}

function ofMonitor(execute: MonitorCommand): Effects {
  switch (execute) {
    case 'system_powerdown':
      return { ...NOTHING_DONE, ends: ['GuestShutdown'] };
    case 'quit':
      return { ...NOTHING_DONE, ends: ['TerminatedFromOutside'] };
    case 'system_reset':
      return { ...NOTHING_DONE, ends: ['TerminatedFromOutside'], resets: 1 };
    case 'inject-nmi':
      return { ...NOTHING_DONE, ends: ['GuestPanicked'] };
  }
}

const BY_SIGNAL: Readonly<Record<EndingSignal, string>> = {
  SIGKILL: 'KilledFromOutside',
  SIGTERM: 'TerminatedFromOutside',
  SIGSEGV: 'QemuCrashed',
};
