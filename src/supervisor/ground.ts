/**
 * What everything in here stands on: what the daemon hands in, and what is known of each VM.
 */
import type { InstancePaths } from '../core/paths.ts';
import type { BackoffPolicy } from '../core/strategy/backoff.ts';
import type { StrategyTable } from '../core/strategy/run-strategy.ts';
import type { Clock, Logger } from '../ports.ts';
import type { FindQemuHost } from '../qemu/launch.ts';
import type { Launcher } from '../qemu/launcher.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Board } from './board.ts';
import type { EventLog } from './event-log.ts';
import type { FileObjects } from './file-objects.ts';
import type { Records } from './records.ts';
import type { Tally } from './tally.ts';
import type { VmFiles } from './vm-files.ts';
import type { WorkQueue } from './work-queue.ts';

export interface SupervisorSettings {
  readonly imagesDir: string;
  readonly diskRoots: readonly string[];
  /** Credentials for registries, where that file exists. */
  readonly registryAuth: string;
  /** Only to be named in messages. */
  readonly vmsDir: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
  readonly host: FindQemuHost;
  /** When this host came up (Unix ms). */
  readonly bootAt: () => number;
  readonly launcher: Launcher;
  readonly strategyTable: StrategyTable;
  readonly backoff: BackoffPolicy;
  readonly consoleLogBytes: number;
  readonly qemuLogBytes: number;
}

export interface Ground {
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly settings: SupervisorSettings;
  readonly records: Records;
  readonly files: VmFiles;
  /** Secrets and ConfigMaps of the files. */
  readonly objects: FileObjects;
  readonly board: Board;
  readonly events: EventLog;
  readonly tally: Tally;
  readonly queue: Pick<WorkQueue, 'add' | 'addIn' | 'exclusive'>;
  /** Live instances by VM key. */
  readonly lives: Map<string, LiveInstance>;
  readonly paths: (uid: string) => InstancePaths;
  /** True once the VM directory has been listed: before that, a missing file means nothing. */
  readonly listed: () => boolean;
}
