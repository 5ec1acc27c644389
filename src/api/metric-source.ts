/** What a scrape looks at, taken together once, so that all metrics tell of the same moment. */
import type { EndCount } from '../core/model/record.ts';
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import type { InstanceStats } from '../supervisor/stats.ts';
import type { Tally } from '../supervisor/tally.ts';
import type { PrintableStatus } from './contract.ts';
import type { HostInfo } from './contract-host.ts';
import type { RequestTally } from './request-tally.ts';

/** The daemon's own process. */
export interface DaemonUse {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Unix seconds. */
  readonly startedAt: number;
  readonly residentBytes: number;
  readonly heapTotalBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly openFds: number;
  readonly maxFds: number;
  readonly nodeVersion: string;
}

/** One that is on record, with what it uses while it has an instance. */
export interface MeasuredVm {
  readonly snapshot: VmSnapshot;
  readonly status: PrintableStatus;
  readonly stats?: InstanceStats;
}

export interface MetricSource {
  readonly host: HostInfo;
  readonly daemon: DaemonUse;
  readonly vms: readonly MeasuredVm[];
  /** Statuses of files that never declared a VM too. */
  readonly statuses: readonly PrintableStatus[];
  readonly ends: readonly EndCount[];
  readonly tally: Tally;
  readonly requests: RequestTally;
}
