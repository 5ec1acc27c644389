/**
 * The texts in which Linux tells about its OOM killer. Pure.
 */

export interface KernelRecord {
  /** Since boot, by the kernel's log clock. */
  readonly atMs: number;
  readonly message: string;
}

/** One record as /dev/kmsg gives it: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];MESSAGE` (Linux ABI/testing/dev-kmsg). */
export function parseKernelRecord(text: string): KernelRecord | undefined {
  const [, micros, message] = /^\d+,\d+,(\d+),[^;]*;([^\n]*)/.exec(text) ?? [];
  if (micros === undefined || message === undefined) return undefined;
  return { atMs: Number(micros) / 1000, message };
}

/** The pid of an OOM victim: `[Memory cgroup out of memory: |Out of memory: ]Killed process PID (NAME)…` (mm/oom_kill.c). */
export function oomVictim(message: string): number | undefined {
  const [, pid] = /\bKilled process (\d+) \(/.exec(message) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** `oom_kill N` in memory.events (cgroup v2) and memory.oom_control (v1, since Linux 4.13). */
export function parseOomCount(text: string): number | undefined {
  const [, count] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return count === undefined ? undefined : Number(count);
}

/**
 * From /proc/PID/cgroup, the files that may hold the counter, best first: the memory controller sits in a v1
 * hierarchy of its own, or in the unified one, whose mount point differs between hybrid and pure v2 hosts.
 */
export function oomCounterFiles(cgroups: string): string[] {
  const files: string[] = [];
  for (const line of cgroups.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const dir = path === '/' ? '' : path;
    if (controllers.split(',').includes('memory'))
      files.unshift(`/sys/fs/cgroup/memory${dir}/memory.oom_control`);
    else if (controllers === '')
      files.push(
        `/sys/fs/cgroup${dir}/memory.events`,
        `/sys/fs/cgroup/unified${dir}/memory.events`,
      );
  }
  return files;
}
