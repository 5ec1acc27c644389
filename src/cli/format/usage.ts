/** What VMs use per second, from two looks at their counters. Pure. */
import type { VmStatsList, VmStatsObject } from '../../api/contract-stats.ts';

export interface DiskUsage {
  readonly name: string;
  readonly readBytesPerSecond: number;
  readonly writeBytesPerSecond: number;
  readonly readOperationsPerSecond: number;
  readonly writeOperationsPerSecond: number;
}

export interface InterfaceUsage {
  readonly name: string;
  readonly receiveBytesPerSecond: number;
  readonly transmitBytesPerSecond: number;
}

/** One entry of `top -o json`. */
export interface VmUsage {
  readonly metadata: VmStatsObject['metadata'];
  /** Of the second look. */
  readonly timestamp: string;
  /** Absent while the VM is down. */
  readonly instance?: { readonly uid: string };
  readonly cpu?: {
    readonly count: number;
    /** Processors of the host in use on average; absent when there are no two looks at this instance. */
    readonly used?: number;
  };
  readonly memory?: NonNullable<VmStatsObject['memory']>;
  /** Absent when QEMU did not tell. */
  readonly disks?: readonly DiskUsage[];
  /** Absent where no guest agent tells. */
  readonly interfaces?: readonly InterfaceUsage[];
  readonly missing?: string;
}

export interface VmUsageList {
  readonly apiVersion: 'solovirt.io/v1';
  readonly kind: 'VirtualMachineUsageList';
  readonly items: readonly VmUsage[];
}

export function usageList(before: VmStatsList, after: VmStatsList): VmUsageList {
  const known = new Map(before.items.map((item) => [keyOf(item), item]));
  const items = after.items.map((item) => usageOf(known.get(keyOf(item)), item));
  return { apiVersion: 'solovirt.io/v1', kind: 'VirtualMachineUsageList', items };
}

/** @param before an earlier look at the same VM; of another instance it says nothing */
export function usageOf(before: VmStatsObject | undefined, after: VmStatsObject): VmUsage {
  const { metadata, timestamp, instance, cpu, memory, missing } = after;
  const earlier = before?.instance?.uid === instance?.uid ? before : undefined;
  const seconds = (Date.parse(timestamp) - Date.parse(earlier?.timestamp ?? timestamp)) / 1000;
  const used = rate(earlier?.cpu?.usageSeconds, cpu?.usageSeconds, seconds);
  const disks = diskUsage(earlier, after, seconds);
  const interfaces = interfaceUsage(earlier, after, seconds);
  return {
    metadata,
    timestamp,
    ...(instance === undefined ? {} : { instance }),
    ...(cpu === undefined
      ? {}
      : { cpu: { count: cpu.count, ...(used === undefined ? {} : { used }) } }),
    ...(memory === undefined ? {} : { memory }),
    ...(disks === undefined ? {} : { disks }),
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(missing === undefined ? {} : { missing }),
  };
}

function diskUsage(
  before: VmStatsObject | undefined,
  { disks }: VmStatsObject,
  seconds: number,
): readonly DiskUsage[] | undefined {
  if (disks === undefined || before?.disks === undefined || !(seconds > 0)) return undefined;
  return disks.map((disk) => {
    const earlier = before.disks?.find(({ name }) => name === disk.name);
    const of = (counter: keyof Omit<typeof disk, 'name'>): number =>
      rate(earlier?.[counter], disk[counter], seconds) ?? 0;
    return {
      name: disk.name,
      readBytesPerSecond: of('readBytes'),
      writeBytesPerSecond: of('writeBytes'),
      readOperationsPerSecond: of('readOperations'),
      writeOperationsPerSecond: of('writeOperations'),
    };
  });
}

function interfaceUsage(
  before: VmStatsObject | undefined,
  { interfaces }: VmStatsObject,
  seconds: number,
): readonly InterfaceUsage[] | undefined {
  if (interfaces === undefined || before?.interfaces === undefined || !(seconds > 0))
    return undefined;
  return interfaces.map((one) => {
    const earlier = before.interfaces?.find(({ name }) => name === one.name);
    return {
      name: one.name,
      receiveBytesPerSecond: rate(earlier?.receiveBytes, one.receiveBytes, seconds) ?? 0,
      transmitBytesPerSecond: rate(earlier?.transmitBytes, one.transmitBytes, seconds) ?? 0,
    };
  });
}

/** A counter that goes back is none. */
function rate(
  before: number | undefined,
  after: number | undefined,
  seconds: number,
): number | undefined {
  if (before === undefined || after === undefined || !(seconds > 0) || after < before)
    return undefined;
  return (after - before) / seconds;
}

function keyOf({ metadata }: VmStatsObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

export const SORT_KEYS = ['cpu', 'memory', 'disk', 'name'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** The largest first; what is down, or not known, comes last. */
export function sortedUsage(items: readonly VmUsage[], by: SortKey): readonly VmUsage[] {
  const name = ({ metadata }: VmUsage): string => `${metadata.namespace}/${metadata.name}`;
  const amount = AMOUNTS[by];
  return items.toSorted(
    (a, b) => (amount(b) ?? -1) - (amount(a) ?? -1) || (name(a) < name(b) ? -1 : 1),
  );
}

const AMOUNTS: Readonly<Record<SortKey, (usage: VmUsage) => number | undefined>> = {
  cpu: ({ cpu }) => cpu?.used,
  memory: ({ memory }) => memory?.residentBytes,
  disk: (usage) => diskTotal(usage, 'readBytesPerSecond', 'writeBytesPerSecond'),
  name: () => 0,
};

/** Over all interfaces; undefined when nothing is known of them. */
export function networkTotal(
  { interfaces }: VmUsage,
  field: keyof Omit<InterfaceUsage, 'name'>,
): number | undefined {
  return interfaces?.reduce((sum, one) => sum + one[field], 0);
}

/** Over all disks; undefined when nothing is known of them. */
export function diskTotal(
  { disks }: VmUsage,
  ...fields: readonly (keyof Omit<DiskUsage, 'name'>)[]
): number | undefined {
  return disks?.reduce((sum, disk) => fields.reduce((part, field) => part + disk[field], sum), 0);
}
