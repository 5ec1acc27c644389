/** What the calls of `SolovirtClient` may be told besides the VM that they are about. */
import type { PrintableStatus, VmObject } from '../api/contract.ts';

/** Which objects a list or a watch is about: all, unless said otherwise. */
export interface Scope {
  /** Of all namespaces, unless given. */
  readonly namespace?: string;
  /** As `kubectl -l` has it. */
  readonly labelSelector?: string;
  /** As `kubectl --field-selector` has it: `metadata.name=demo`. */
  readonly fieldSelector?: string;
}

export interface WatchOptions extends Scope {
  /** Ends the watch; its loop is then over. */
  readonly signal?: AbortSignal;
  /** How long the daemon may be away before the watch fails. Milliseconds; one minute unless given. */
  readonly absenceMs?: number;
}

export interface LogOptions {
  /** The serial console unless given. */
  readonly stream?: 'console' | 'qemu';
  /** Only the last lines; 1000 unless given. */
  readonly tail?: number;
  /** Go on as more comes. */
  readonly follow?: boolean;
  /** The uid of an earlier run, or its beginning. */
  readonly run?: string;
  /** Ends it; the loop is then over. */
  readonly signal?: AbortSignal;
}

export interface CommandOptions {
  /** Check everything, change nothing. */
  readonly dryRun?: boolean;
}
export interface StartOptions extends CommandOptions {
  /** Come up with the CPUs stopped, until `unpause`. */
  readonly paused?: boolean;
}
export interface StopOptions extends CommandOptions {
  /** How long the guest may take to shut down, instead of the VM's own grace period; 0 forces it off. */
  readonly gracePeriodSeconds?: number;
}

/** A status, or a question about the VM, which is undefined while there is none. */
export type VmCondition = PrintableStatus | ((vm: VmObject | undefined) => boolean);

export interface WaitOptions {
  /** Milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}
