/** Metrics that only solovirt has: what becomes of VMs, and how the daemon does. */
import type { QmpFailure } from '../supervisor/tally.ts';
import type { PrintableStatus } from './contract.ts';
import type { Family } from './metric-family.ts';
import { flag, perVm, seconds, single } from './metric-family.ts';
import type { DaemonUse } from './metric-source.ts';

const STATUSES: Readonly<Record<PrintableStatus, true>> = {
  Stopped: true,
  Provisioning: true,
  Starting: true,
  Running: true,
  Paused: true,
  Stopping: true,
  Terminating: true,
  CrashLoopBackOff: true,
  DataVolumeError: true,
  ErrImagePull: true,
  ImagePullBackOff: true,
  Invalid: true,
};

const QMP_FAILURES: readonly QmpFailure[] = ['refused', 'timeout', 'closed'];

export const VM_FAMILIES: readonly Family[] = [
  {
    name: 'solovirt_vms',
    type: 'gauge',
    help: 'VMs in each status.',
    labels: ['status'],
    samples: ({ statuses }) =>
      Object.keys(STATUSES).map((status) => ({
        labels: { status },
        value: statuses.filter((found) => found === status).length,
      })),
  },
  {
    name: 'solovirt_vm_info',
    type: 'gauge',
    help: 'Always 1; the labels tell of the VM.',
    labels: ['namespace', 'name', 'run_strategy', 'file'],
    samples: perVm(
      () => 1,
      ({ snapshot }) => ({
        run_strategy: snapshot.record?.strategy ?? '',
        file: snapshot.file ?? '',
      }),
    ),
  },
  {
    name: 'solovirt_vm_manifest_problems',
    type: 'gauge',
    help: 'Problems in the file of the VM.',
    labels: ['namespace', 'name', 'severity'],
    samples: ({ vms }) =>
      vms.flatMap(({ snapshot: { namespace, name, problems } }) =>
        (['error', 'warning'] as const).map((severity) => ({
          labels: { namespace, name, severity },
          value: problems.filter((problem) => problem.severity === severity).length,
        })),
      ),
  },
  {
    name: 'solovirt_vm_starts_total',
    type: 'counter',
    help: 'Instances of the VM: those that ended and the one that lives.',
    labels: ['namespace', 'name'],
    samples: (source) =>
      perVm(({ snapshot: { namespace, name, record } }) => {
        const ended = source.ends
          .filter((end) => end.namespace === namespace && end.name === name)
          .reduce((sum, { count }) => sum + count, 0);
        return ended + flag(record?.instance !== undefined);
      })(source),
  },
  {
    name: 'solovirt_vm_ends_total',
    type: 'counter',
    help: 'Instances of the VM that ended, by verdict.',
    labels: ['namespace', 'name', 'outcome', 'reason'],
    samples: ({ ends }) =>
      ends.map(({ namespace, name, outcome, reason, count }) => ({
        labels: { namespace, name, outcome, reason },
        value: count,
      })),
  },
  {
    name: 'solovirt_vm_unstable_ends',
    type: 'gauge',
    help: 'Unstable ends in a row, which the backoff counts.',
    labels: ['namespace', 'name'],
    samples: perVm(({ snapshot }) => snapshot.record?.backoff.unstable),
  },
  {
    name: 'solovirt_vm_next_start_timestamp_seconds',
    type: 'gauge',
    help: 'When the VM is started again; only while it waits in the backoff.',
    labels: ['namespace', 'name'],
    samples: perVm(({ snapshot, status }) => {
      const retryAt = snapshot.record?.backoff.retryAt;
      return status === 'CrashLoopBackOff' && retryAt !== undefined ? seconds(retryAt) : undefined;
    }),
  },
  {
    name: 'solovirt_vm_start_duration_seconds',
    type: 'histogram',
    help: 'From the record of a start to QEMU (spawned) and to the first instruction of the guest (running).',
    labels: ['stage'],
    histograms: ({ tally }) =>
      (['spawned', 'running'] as const).map((stage) => ({
        labels: { stage },
        histogram: tally.starts[stage],
      })),
  },
  {
    name: 'solovirt_vm_stop_duration_seconds',
    type: 'histogram',
    help: 'From the beginning of a stop to the end of QEMU.',
    labels: ['outcome'],
    histograms: ({ tally }) =>
      (['Succeeded', 'Failed'] as const).map((outcome) => ({
        labels: { outcome },
        histogram: tally.stops[outcome],
      })),
  },
];

export const DAEMON_FAMILIES: readonly Family[] = [
  {
    name: 'solovirt_build_info',
    type: 'gauge',
    help: 'Always 1; the labels tell of the program.',
    labels: ['version', 'nodejs'],
    samples: ({ host, daemon }) => [
      { labels: { version: host.version, nodejs: daemon.nodeVersion }, value: 1 },
    ],
  },
  {
    name: 'solovirt_host_info',
    type: 'gauge',
    help: 'Always 1; the labels tell what runs guests.',
    labels: ['node', 'accelerator', 'qemu_version', 'strategy_table'],
    samples: ({ host }) => [
      {
        labels: {
          node: host.node,
          accelerator: host.accelerator.name,
          qemu_version: host.qemu.version ?? '',
          strategy_table: host.strategyTable,
        },
        value: 1,
      },
    ],
  },
  {
    name: 'solovirt_draining',
    type: 'gauge',
    help: '1 while every guest is stopped and none is started.',
    labels: [],
    samples: ({ host }) => single(flag(host.draining !== undefined)),
  },
  {
    name: 'solovirt_warnings',
    type: 'gauge',
    help: 'Warnings that solovirt info shows.',
    labels: [],
    samples: ({ host }) => single(host.warnings.length),
  },
  {
    name: 'solovirt_pass_duration_seconds',
    type: 'histogram',
    help: 'How long passes took.',
    labels: [],
    histograms: ({ tally }) => [{ labels: {}, histogram: tally.passes }],
  },
  {
    name: 'solovirt_pass_failures_total',
    type: 'counter',
    help: 'Passes that failed for a reason of the host and were tried again.',
    labels: [],
    samples: ({ tally }) => single(tally.passFailures),
  },
  {
    name: 'solovirt_qmp_failures_total',
    type: 'counter',
    help: 'Commands that QEMU refused, did not answer in time, or could not be given.',
    labels: ['command', 'kind'],
    samples: ({ tally }) =>
      [...tally.qmpFailures].flatMap(([command, counts]) =>
        QMP_FAILURES.map((kind) => ({ labels: { command, kind }, value: counts[kind] })),
      ),
  },
  {
    name: 'solovirt_scrape_guest_failures_total',
    type: 'counter',
    help: 'Guests whose own numbers were left out because QEMU did not tell them.',
    labels: ['reason'],
    samples: ({ tally }) =>
      Object.entries(tally.scrapeFailures).map(([reason, value]) => ({
        labels: { reason },
        value,
      })),
  },
  {
    name: 'solovirt_api_requests_total',
    type: 'counter',
    help: 'Requests that were answered.',
    labels: ['method', 'path', 'code'],
    samples: ({ requests }) =>
      requests.all().map(({ method, path, code, count }) => ({
        labels: { method, path, code: String(code) },
        value: count,
      })),
  },
  {
    name: 'solovirt_api_requests_in_flight',
    type: 'gauge',
    help: 'Requests that are being answered, watches and followed logs among them.',
    labels: [],
    samples: ({ requests }) => single(requests.inFlight),
  },
];

/** The names that clients of Prometheus for every language use. Nothing here needs a timer in an idle daemon. */
export const PROCESS_FAMILIES: readonly Family[] = [
  ofDaemon(
    'process_cpu_user_seconds_total',
    'counter',
    'Processor time in user mode.',
    (d) => d.userSeconds,
  ),
  ofDaemon(
    'process_cpu_system_seconds_total',
    'counter',
    'Processor time in the kernel.',
    (d) => d.systemSeconds,
  ),
  ofDaemon(
    'process_cpu_seconds_total',
    'counter',
    'Processor time.',
    (d) => d.userSeconds + d.systemSeconds,
  ),
  ofDaemon('process_start_time_seconds', 'gauge', 'When the daemon started.', (d) => d.startedAt),
  ofDaemon(
    'process_resident_memory_bytes',
    'gauge',
    'Memory that the daemon holds.',
    (d) => d.residentBytes,
  ),
  ofDaemon('process_open_fds', 'gauge', 'Open files.', (d) => d.openFds),
  ofDaemon('process_max_fds', 'gauge', 'How many files may be open.', (d) => d.maxFds),
  ofDaemon('nodejs_heap_size_total_bytes', 'gauge', 'Size of the heap.', (d) => d.heapTotalBytes),
  ofDaemon(
    'nodejs_heap_size_used_bytes',
    'gauge',
    'The part of it in use.',
    (d) => d.heapUsedBytes,
  ),
  ofDaemon(
    'nodejs_external_memory_bytes',
    'gauge',
    'Memory outside the heap that belongs to objects in it.',
    (d) => d.externalBytes,
  ),
];

function ofDaemon(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: (daemon: DaemonUse) => number,
): Family {
  return { name, type, help, labels: [], samples: ({ daemon }) => single(value(daemon)) };
}
