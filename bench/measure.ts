/** Clocks and counters that every scenario reads. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const DEADLINE_MS = 120_000;

/** @returns milliseconds */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

/** Of a session, as /proc/PID/autogroup takes it (sched(7)). */
const FIRST = '-20';
const AS_OTHERS = '0';

/**
 * Does something while this process goes before all others, as far as the kernel deals processors out among sessions: whoever
 * measures must not wait for a processor himself.
 */
export async function first<T>(action: () => Promise<T>): Promise<T> {
  takePlace(FIRST);
  try {
    return await action();
  } finally {
    takePlace(AS_OTHERS);
  }
}

function takePlace(place: string): void {
  try {
    writeFileSync('/proc/self/autogroup', place);
  } catch {
    // Not in a kernel without autogroups.
  }
}

/** For what announces itself nowhere; looks each millisecond. @throws after two minutes */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > giveUp) throw new Error(`not in time: ${what}`);
    await sleep(1);
  }
}

export function isThere(pid: number): boolean {
  try {
    // A zombie is gone, too: only its parent has not looked yet.
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Processor time of a process so far (proc_pid_stat(5): utime and stime, in ticks of 10 ms). @returns ms */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Longer than the daemon's garbage waits to be collected, which is up to half a minute after the last change. */
const REST_MS = 30_000;

/** Resolves once the process has used no processor time for so long that nothing is left of what set it going. */
export async function atRest(pid: number): Promise<void> {
  let [used, since] = [cpuMs(pid), performance.now()];
  const giveUp = since + DEADLINE_MS;
  while (performance.now() - since < REST_MS) {
    if (performance.now() > giveUp) throw new Error('the process does not come to rest');
    await sleep(100);
    if (cpuMs(pid) !== used) [used, since] = [cpuMs(pid), performance.now()];
  }
}

/** How often its threads went to sleep so far: each is one wake-up. */
export function wakeUps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((tid) => readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8'))
    .reduce((sum, text) => sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1]), 0);
}

/** Resident memory. @returns MiB */
export function residentMiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Rss:\s+(\d+) kB/m.exec(text)?.[1]) / 1024;
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
