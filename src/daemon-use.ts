/** What this process takes of its host. */
import { readdirSync, readFileSync } from 'node:fs';
import type { DaemonUse } from './api/metric-source.ts';

export function daemonUse(): DaemonUse {
  const { user, system } = process.cpuUsage();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return {
    userSeconds: user / 1e6,
    systemSeconds: system / 1e6,
    startedAt: performance.timeOrigin / 1000,
    residentBytes: rss,
    heapTotalBytes: heapTotal,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    // One of them is that of the directory itself.
    openFds: readdirSync('/proc/self/fd').length - 1,
    maxFds: maxFds(),
    nodeVersion: process.version,
  };
}

/** proc_pid_limits(5); the soft limit is the one that counts. */
function maxFds(): number {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
