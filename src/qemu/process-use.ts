/** What a QEMU takes of the host, from /proc: answers at once, however busy or hung QEMU is. */
import type { ProcessIdentity } from '../core/model/evidence.ts';
import { parseStat, readIfThere } from './process-identity.ts';

export interface ProcessUse {
  /** Seconds of processor time since its start: emulation, and under KVM the guest's own work. */
  readonly cpuSeconds: number;
  /** Its parts. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
}

/** USER_HZ: what the kernel counts in towards programs, on every architecture that solovirt runs on (time(7)). */
const TICKS_PER_SECOND = 100;

/** Undefined when this very process is gone. */
export function readProcessUse({ pid, startTime }: ProcessIdentity): ProcessUse | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const status = readIfThere(`/proc/${pid}/status`);
  if (stat === undefined || status === undefined) return undefined;
  if (parseStat(stat)?.startTime !== startTime) return undefined;
  return parseProcessUse(stat, status);
}

/** /proc/PID/stat and /proc/PID/status (proc_pid_stat(5), proc_pid_status(5)). A zombie has no memory any more. */
export function parseProcessUse(stat: string, status: string): ProcessUse | undefined {
  // The name in parentheses may hold anything; what follows begins with field 3.
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  const [user, system] = [fields[14 - 3], fields[15 - 3]].map(Number);
  const resident = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  if (!Number.isSafeInteger(user) || !Number.isSafeInteger(system) || resident === undefined)
    return undefined;
  return {
    cpuSeconds: (Number(user) + Number(system)) / TICKS_PER_SECOND,
    userSeconds: Number(user) / TICKS_PER_SECOND,
    systemSeconds: Number(system) / TICKS_PER_SECOND,
    residentBytes: Number(resident) * 1024,
  };
}
