/**
 * Whether the kernel's OOM killer ended a QEMU. A SIGKILL alone does not say; two witnesses do:
 * the kernel log, which names the victim but needs privilege, and the memory cgroup's counter of kills, which
 * needs none but speaks for the whole cgroup and only against a baseline taken at launch.
 */
import { constants, readlinkSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { errorCode } from '../core/thrown.ts';
import { readEvidence, UNTRUSTED } from './evidence-file.ts';
import { KernelLog, type OomKills } from './kernel-log.ts';
import { type KernelRecord, oomCounterFiles, oomVictim, parseOomCount } from './oom-parse.ts';

export interface OomCounter {
  /** The file that holds the counter. */
  readonly cgroup: string;
  readonly count: number;
}

export interface OomOptions {
  /** The counter at launch. */
  readonly baseline?: OomCounter;
  /** Where the kernel log is read. Default `/dev/kmsg`. */
  readonly kernelLog?: string;
}

/** Ticks per second of start times in /proc: fixed for user space on all current architectures (time(7)). */
const USER_HZ = 100;
const REPLACE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | UNTRUSTED;
/** PROC_PID_INIT_INO: pids in the kernel log are those of this namespace. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

const KERNEL_LOG = new KernelLog();

/**
 * How it is known that the OOM killer ended this process, in words; undefined when it is not. The caller makes
 * sure that the process did end by SIGKILL, or in a way that nobody saw.
 */
export async function findOomProof(
  identity: ProcessIdentity,
  options: OomOptions = {},
): Promise<string | undefined> {
  const { baseline, kernelLog } = options;
  const log = await lookInto(kernelLog);
  const startMs = (identity.startTime / USER_HZ) * 1000;
  const kill = log?.kills.find(
    (record) => oomVictim(record.message) === identity.pid && isNotBefore(record, startMs),
  );
  if (kill !== undefined) return `kernel log: ${kill.message}`;
  // A log that reaches back to the launch and knows our pids would have told; the counter may mean a neighbour.
  if (log?.sinceMs !== undefined && log.sinceMs <= startMs && seesKernelPids()) return undefined;
  return baseline === undefined ? undefined : counterProof(baseline);
}

/**
 * The counter of the memory cgroup that a process is in; undefined when there is none to be read. The kernel lets readers
 * wait while cgroups are made and filled, which is all the time while guests start.
 */
export async function readOomCounter(pid: number): Promise<OomCounter | undefined> {
  const cgroups = await textOf(`/proc/${pid}/cgroup`);
  for (const cgroup of oomCounterFiles(cgroups)) {
    const count = parseOomCount(await textOf(cgroup));
    if (count !== undefined) return { cgroup, count };
  }
  return undefined;
}

/**
 * Keeps the counter of QEMU's cgroup beside its other evidence. To be called at launch, and again after QEMU
 * was moved to another cgroup. Without one the kernel log is the only witness.
 */
export async function recordOomBaseline(paths: InstancePaths, pid: number): Promise<void> {
  const counter = await readOomCounter(pid);
  if (counter === undefined) return;
  try {
    await using file = await open(baselineFile(paths), REPLACE, 0o600);
    await file.write(`${counter.count} ${counter.cgroup}\n`);
  } catch (error) {
    // On a full disk a guest may run all the same: its journal has its room already.
    const code = errorCode(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  }
}

export function readOomBaseline(paths: InstancePaths): OomCounter | undefined {
  const [, count, cgroup] =
    /^(\d+) (\/[^\n]*)\n/.exec(readOrNothing(baselineFile(paths)) ?? '') ?? [];
  return count === undefined || cgroup === undefined ? undefined : { cgroup, count: Number(count) };
}

function baselineFile(paths: InstancePaths): string {
  return `${paths.dir}/oom-baseline`;
}

function counterProof(baseline: OomCounter): string | undefined {
  const count = parseOomCount(readOrNothing(baseline.cgroup) ?? '');
  if (count === undefined || count <= baseline.count) return undefined;
  return `${baseline.cgroup}: oom_kill rose from ${baseline.count} to ${count} since the launch`;
}

/**
 * The log's clock stands still while the host sleeps and is never corrected, the clock of start times does
 * neither: so the sleep is made up for, and drift of 1/1000 plus one second is granted.
 */
function isNotBefore(record: KernelRecord, startMs: number): boolean {
  const uptimeMs = Number(readOrNothing('/proc/uptime')?.split(' ')[0] ?? 0) * 1000;
  const sleptMs = Math.max(0, uptimeMs - Number(process.hrtime.bigint()) / 1e6);
  return record.atMs + sleptMs + uptimeMs / 1000 + 1000 >= startMs;
}

function seesKernelPids(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === FIRST_PID_NAMESPACE;
  } catch {
    return false;
  }
}

async function lookInto(path: string | undefined): Promise<OomKills | undefined> {
  if (path === undefined) return await KERNEL_LOG.look();
  using log = new KernelLog(path);
  return await log.look();
}

/** Of a file of the kernel's; nothing when it cannot be read. */
async function textOf(path: string): Promise<string> {
  return await readFile(path, 'latin1').catch(() => '');
}

function readOrNothing(path: string): string | undefined {
  try {
    return readEvidence(path, 'utf8');
  } catch {
    return undefined;
  }
}
