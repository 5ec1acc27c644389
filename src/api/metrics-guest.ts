/**
 * Metrics of guests. Names, labels and meanings are KubeVirt's (docs/observability/metrics.md there), so that dashboards
 * made for it work; labels that mean nothing on one host are left out.
 */
import type { VmStats } from '../supervisor/stats.ts';
import type { PrintableStatus } from './contract.ts';
import type { Family, Sample } from './metric-family.ts';
import { flag, perVm, seconds } from './metric-family.ts';
import type { MeasuredVm, MetricSource } from './metric-source.ts';

type Stats = NonNullable<VmStats['instance']>;
type Disk = Stats['disks'][number];
type Interface = Stats['interfaces'][number];

const VMI = ['node', 'namespace', 'name'] as const;

/** KubeVirt's phases of an instance that lives (`VirtualMachineInstancePhase`), as its metrics spell them. */
const PHASES = ['pending', 'scheduling', 'scheduled', 'running', 'succeeded', 'failed'] as const;

/** KubeVirt's `getVMStatusGroup`; a file that was never valid is an error of ours. */
const STATUS_GROUPS: Readonly<Record<PrintableStatus, string>> = {
  Provisioning: 'starting',
  Starting: 'starting',
  Running: 'running',
  Stopped: 'non_running',
  Paused: 'non_running',
  Stopping: 'non_running',
  Terminating: 'non_running',
  CrashLoopBackOff: 'error',
  DataVolumeError: 'error',
  ErrImagePull: 'error',
  ImagePullBackOff: 'error',
  Invalid: 'error',
};

export const GUEST_FAMILIES: readonly Family[] = [
  {
    name: 'kubevirt_vm_info',
    type: 'gauge',
    help: 'Always 1; the labels tell of the VM.',
    labels: ['namespace', 'name', 'status', 'status_group'],
    samples: perVm(
      () => 1,
      ({ status }) => ({ status, status_group: STATUS_GROUPS[status] }),
    ),
  },
  {
    name: 'kubevirt_vm_create_date_timestamp_seconds',
    type: 'gauge',
    help: 'When the VM came on record.',
    labels: ['namespace', 'name'],
    samples: perVm(({ snapshot }) => createdAt(snapshot.record?.createdAt)),
  },
  {
    name: 'kubevirt_vmi_info',
    type: 'gauge',
    help: 'Always 1; the labels tell of the instance.',
    labels: [...VMI, 'phase'],
    samples: perInstance(
      () => 1,
      (vm) => ({ phase: phaseOf(vm) }),
    ),
  },
  {
    name: 'kubevirt_vmi_phase_count',
    type: 'gauge',
    help: 'Instances in each phase.',
    labels: ['node', 'phase'],
    samples: ({ vms, host }) =>
      PHASES.map((phase) => ({
        labels: { node: host.node, phase },
        value: vms.filter((vm) => isThere(vm) && phaseOf(vm) === phase).length,
      })),
  },
  ofProcess(
    'kubevirt_vmi_cpu_usage_seconds_total',
    'counter',
    'Processor time of QEMU.',
    (p) => p.cpuSeconds,
  ),
  ofProcess(
    'kubevirt_vmi_cpu_user_usage_seconds_total',
    'counter',
    'The part of it in user mode.',
    (p) => p.userSeconds,
  ),
  ofProcess(
    'kubevirt_vmi_cpu_system_usage_seconds_total',
    'counter',
    'The part of it in the kernel.',
    (p) => p.systemSeconds,
  ),
  ofProcess(
    'kubevirt_vmi_memory_resident_bytes',
    'gauge',
    'Memory of the host that QEMU holds.',
    (p) => p.residentBytes,
  ),
  {
    name: 'kubevirt_vmi_memory_domain_bytes',
    type: 'gauge',
    help: 'RAM of the guest.',
    labels: VMI,
    samples: perInstance(({ stats }) => stats?.guestBytes),
  },
  {
    name: 'kubevirt_vmi_memory_actual_balloon_bytes',
    type: 'gauge',
    help: 'Memory that the balloon driver leaves the guest.',
    labels: VMI,
    samples: perInstance(({ stats }) => stats?.balloonBytes),
  },
  ofDisks('kubevirt_vmi_storage_read_traffic_bytes_total', 'Bytes read.', (d) => d.readBytes),
  ofDisks('kubevirt_vmi_storage_write_traffic_bytes_total', 'Bytes written.', (d) => d.writeBytes),
  ofDisks('kubevirt_vmi_storage_iops_read_total', 'Read operations.', (d) => d.readOperations),
  ofDisks('kubevirt_vmi_storage_iops_write_total', 'Write operations.', (d) => d.writeOperations),
  ofDisks('kubevirt_vmi_storage_flush_requests_total', 'Flushes.', (d) => d.flushOperations),
  ofDisks(
    'kubevirt_vmi_storage_read_times_seconds_total',
    'Time that reads took, added up.',
    (d) => d.readSeconds,
  ),
  ofDisks(
    'kubevirt_vmi_storage_write_times_seconds_total',
    'Time that writes took, added up.',
    (d) => d.writeSeconds,
  ),
  ofDisks(
    'kubevirt_vmi_storage_flush_times_seconds_total',
    'Time that flushes took, added up.',
    (d) => d.flushSeconds,
  ),
  ofInterfaces(
    'kubevirt_vmi_network_receive_bytes_total',
    'Bytes received.',
    (i) => i.receiveBytes,
  ),
  ofInterfaces('kubevirt_vmi_network_transmit_bytes_total', 'Bytes sent.', (i) => i.transmitBytes),
  ofInterfaces(
    'kubevirt_vmi_network_receive_packets_total',
    'Packets received.',
    (i) => i.receivePackets,
  ),
  ofInterfaces(
    'kubevirt_vmi_network_transmit_packets_total',
    'Packets sent.',
    (i) => i.transmitPackets,
  ),
  ofInterfaces(
    'kubevirt_vmi_network_receive_errors_total',
    'Packets received with errors.',
    (i) => i.receiveErrors,
  ),
  ofInterfaces(
    'kubevirt_vmi_network_transmit_errors_total',
    'Packets that could not be sent.',
    (i) => i.transmitErrors,
  ),
  ofInterfaces(
    'kubevirt_vmi_network_receive_packets_dropped_total',
    'Packets received and dropped.',
    (i) => i.receiveDropped,
  ),
  ofInterfaces(
    'kubevirt_vmi_network_transmit_packets_dropped_total',
    'Packets dropped instead of sent.',
    (i) => i.transmitDropped,
  ),
  {
    name: 'solovirt_vmi_guest_resets_total',
    type: 'counter',
    help: 'Resets of the guest since its instance came up.',
    labels: VMI,
    samples: perInstance(({ snapshot }) => snapshot.instance?.resets),
  },
  {
    name: 'solovirt_vmi_unresponsive',
    type: 'gauge',
    help: '1 while QEMU has not answered its monitor for seconds.',
    labels: VMI,
    samples: perInstance(({ snapshot }) =>
      snapshot.instance === undefined ? undefined : flag(snapshot.instance.unresponsive),
    ),
  },
  {
    name: 'solovirt_vmi_running_timestamp_seconds',
    type: 'gauge',
    help: 'When the guest began to run.',
    labels: VMI,
    samples: perInstance(({ snapshot }) => createdAt(snapshot.record?.instance?.runningAt)),
  },
];

function createdAt(unixMs: number | undefined): number | undefined {
  return unixMs === undefined ? undefined : seconds(unixMs);
}

function isThere({ snapshot }: MeasuredVm): boolean {
  return snapshot.record?.instance !== undefined;
}

function phaseOf({ snapshot }: MeasuredVm): string {
  return snapshot.record?.instance?.phase.toLowerCase() ?? '';
}

function perInstance(
  value: (vm: MeasuredVm) => number | undefined,
  more: (vm: MeasuredVm) => Readonly<Record<string, string>> = () => ({}),
): (source: MetricSource) => readonly Sample[] {
  return (source) => {
    const { node } = source.host;
    return perVm(
      (vm) => (isThere(vm) ? value(vm) : undefined),
      (vm) => ({ node, ...more(vm) }),
    )(source);
  };
}

function ofProcess(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: (use: NonNullable<Stats['process']>) => number,
): Family {
  const samples = perInstance(({ stats }) => stats?.process && value(stats.process));
  return { name, type, help, labels: VMI, samples };
}

function ofDisks(name: string, help: string, value: (disk: Disk) => number): Family {
  return ofParts({ name, help, label: 'drive' }, (stats) => stats.disks, value);
}

function ofInterfaces(name: string, help: string, value: (one: Interface) => number): Family {
  return ofParts({ name, help, label: 'interface' }, (stats) => stats.interfaces, value);
}

/** One series for each part of a guest, by its name in the manifest. */
function ofParts<T extends { readonly name: string }>(
  words: { readonly name: string; readonly help: string; readonly label: string },
  partsOf: (stats: Stats) => readonly T[],
  value: (part: T) => number,
): Family {
  const { name, help, label } = words;
  return {
    name,
    type: 'counter',
    help,
    labels: [...VMI, label],
    samples: ({ vms, host }) =>
      vms.flatMap(({ snapshot, stats }) =>
        (stats === undefined ? [] : partsOf(stats)).map((part) => ({
          labels: {
            node: host.node,
            namespace: snapshot.namespace,
            name: snapshot.name,
            [label]: part.name,
          },
          value: value(part),
        })),
      ),
  };
}
