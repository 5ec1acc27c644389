/**
 * What passes, executors and commands work with. Put together once by the daemon.
 */
import type { InstancePaths } from '../core/paths.ts';
import type { BackoffPolicy } from '../core/strategy/backoff.ts';
import type { StrategyTable } from '../core/strategy/run-strategy.ts';
import type { Clock, Logger } from '../ports.ts';
import type { QemuHost } from '../qemu/launch.ts';
import type { Launcher } from '../qemu/launcher.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Board } from './board.ts';
import type { EventLog } from './event-log.ts';
import type { Records } from './records.ts';
import type { StartOrder } from './start-order.ts';
import type { Strays } from './strays.ts';
import type { VmFiles } from './vm-files.ts';
import type { WorkQueue } from './work-queue.ts';

export interface SupervisorSettings {
  readonly imagesDir: string;
  readonly diskRoots: readonly string[];
  /** Only to be named in messages. */
  readonly vmsDir: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
  readonly host: () => Promise<QemuHost>;
  /** When this host came up (Unix ms). */
  readonly bootAt: () => number;
  readonly launcher: Launcher;
  readonly strategyTable: StrategyTable;
  readonly backoff: BackoffPolicy;
  readonly consoleLogBytes: number;
  readonly qemuLogBytes: number;
}

/** Nothing is started any more, and everything is stopped. */
export interface DrainingState {
  readonly since: number;
  /** `host-shutdown`: somebody else has begun to stop guests because the host goes down. */
  readonly cause: 'command' | 'host-shutdown';
}

export interface Context {
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly settings: SupervisorSettings;
  readonly records: Records;
  readonly files: VmFiles;
  readonly board: Board;
  readonly events: EventLog;
  readonly queue: Pick<WorkQueue, 'add' | 'addIn' | 'exclusive'>;
  /** Live instances by VM key. */
  readonly lives: Map<string, LiveInstance>;
  /** Instances that no record knows. */
  readonly strays: Strays;
  readonly order: StartOrder;
  /** Undefined when the host is not drained. */
  readonly draining: () => DrainingState | undefined;
  readonly drain: (cause: DrainingState['cause']) => void;
  readonly paths: (uid: string) => InstancePaths;
  /** True once the VM directory has been listed: before that, a missing file means nothing. */
  readonly listed: () => boolean;
  /** Launches the VM's recorded instance and puts it into `lives`. */
  readonly launch: (key: string, uid: string) => void;
  /** Takes over the QEMU of the VM's recorded instance and puts it into `lives`. */
  readonly adopt: (key: string) => void;
}
