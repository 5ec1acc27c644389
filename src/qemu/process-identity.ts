/**
 * Which process is meant, for ever: pid, start time and boot together. A pid alone is reused, and a zombie
 * still has a /proc entry and accepts signals (measured), so its state is looked at as well.
 * Synchronous on purpose: /proc never waits for a disk.
 */
import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import { readEvidence } from './evidence-file.ts';

interface ProcessStat {
  readonly pid: number;
  /** One letter, proc_pid_stat(5): R, S, D, T, Z, X … */
  readonly state: string;
  readonly parent: number;
  readonly startTime: number;
}

export interface ProcessFile {
  readonly identity: ProcessIdentity;
  /** The process that will write `exit`; absent when it did not name itself. */
  readonly keeperPid?: number;
}

const PROCESS_FILE = /^(\d{1,10}) (\d{1,20}) ([0-9a-f-]{36})(?: (\d{1,10}))?\n/;

/** The running process with this pid; undefined when there is none or it is a zombie. */
export function readIdentity(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  if (stat === undefined || hasEnded(stat)) return undefined;
  return { pid, startTime: stat.startTime, bootId: currentBootId() };
}

/** What the service manager calls this boot. */
let toldBootId: string | undefined;

/** Of all that this process compares only: a sandbox within a container can show it another boot than its manager. */
export function useBootId(bootId: string): void {
  toldBootId = bootId;
}

/** Random at each boot of the host: /proc/sys/kernel/random/boot_id, random(4), unless `useBootId` said otherwise. */
export function currentBootId(): string {
  return toldBootId ?? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** True while exactly this process runs or sleeps; a zombie is not alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return (
    stat !== undefined &&
    !hasEnded(stat) &&
    stat.startTime === identity.startTime &&
    currentBootId() === identity.bootId
  );
}

/**
 * The `process` file: one line `PID STARTTIME BOOTID [KEEPERPID]`, written in one go. Undefined for
 * anything else, above all for a line without its newline: it is still being written, or the disk is full.
 */
export function parseProcessFile(text: string): ProcessFile | undefined {
  const [, pid, startTime, bootId, keeper] = PROCESS_FILE.exec(text) ?? [];
  if (pid === undefined || startTime === undefined || bootId === undefined) return undefined;
  const identity = { pid: Number(pid), startTime: Number(startTime), bootId };
  return keeper === undefined ? { identity } : { identity, keeperPid: Number(keeper) };
}

/** The `process` file of an instance; undefined when it is missing or incomplete. */
export function readProcessFile(path: string): ProcessFile | undefined {
  return parseProcessFile(readIfThere(path) ?? '');
}

/** /proc/PID/stat. The name in parentheses may hold spaces and parentheses itself (proc_pid_stat(5)). */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf(' (');
  const close = text.lastIndexOf(') ');
  if (open === -1 || close === -1) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const [state, parent] = fields;
  // `fields` begins with field 3; starttime is field 22.
  const startTime = fields[22 - 3];
  if (state === undefined || parent === undefined || startTime === undefined) return undefined;
  return {
    pid: Number(text.slice(0, open)),
    state,
    parent: Number(parent),
    startTime: Number(startTime),
  };
}

function hasEnded(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X' || stat.state === 'x';
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** A file of /proc or of an instance's directory; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  return readEvidence(path, 'latin1');
}
