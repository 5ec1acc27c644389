/**
 * What the supervisor shows of a VM: plain data, ready to be rendered, never waiting for a QEMU.
 */
import type { Problem } from '../core/model/problem.ts';
import type { RunEntry, VmRecord } from '../core/model/record.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import type { Hold } from '../core/strategy/decide.ts';

export interface VmSnapshot extends VmIdentity {
  readonly key: string;
  /** Of the VirtualMachine object; for files that were never valid, of this daemon's making. */
  readonly uid: string;
  readonly resourceVersion: number;
  /** When this daemon first saw it (Unix ms). */
  readonly seenAt: number;
  /** Absent for a file that was never valid. */
  readonly record?: VmRecord;
  /** What is in force; absent when never valid or already removed. */
  readonly vm?: VirtualMachine;
  readonly file?: string;
  readonly problems: readonly Problem[];
  /** The document was removed; the VM goes once its instance has ended. */
  readonly terminatingSince?: number;
  readonly instance?: InstanceSnapshot;
  /** A start or a stop is due and waits for something. */
  readonly held?: HeldSnapshot;
  /** Last ten, newest first. */
  readonly history: readonly RunEntry[];
}

export interface InstanceSnapshot {
  readonly runState?: string;
  readonly resets: number;
  readonly unresponsive: boolean;
}

export interface HeldSnapshot {
  readonly by: Hold;
  /** In words: `waiting for db to run`. */
  readonly message: string;
  /** Unix ms; absent when something has to happen first. */
  readonly until?: number;
}
