/** The columns of `solovirt top`. */
import type { Column } from './table.ts';
import { diskTotal, networkTotal, type VmUsage } from './usage.ts';

export function usageColumns({
  namespaces,
}: {
  readonly namespaces: boolean;
}): readonly Column<VmUsage>[] {
  return [
    ...(namespaces
      ? [{ title: 'NAMESPACE', cell: ({ metadata }: VmUsage) => metadata.namespace }]
      : []),
    { title: 'NAME', cell: ({ metadata }) => metadata.name },
    { title: 'CPU', cell: ({ cpu }) => percent(cpu?.used) },
    { title: 'VCPUS', cell: ({ cpu }) => String(cpu?.count ?? ''), drop: 3 },
    { title: 'MEMORY', cell: ({ memory }) => bytes(memory?.residentBytes) },
    { title: 'GUEST', cell: ({ memory }) => bytes(memory?.guestBytes), drop: 1 },
    { title: 'READ', cell: (usage) => perSecond(diskTotal(usage, 'readBytesPerSecond')) },
    { title: 'WRITE', cell: (usage) => perSecond(diskTotal(usage, 'writeBytesPerSecond')) },
    { title: 'IOPS', cell: operations, drop: 4 },
    {
      title: 'RECEIVED',
      cell: (usage) => perSecond(networkTotal(usage, 'receiveBytesPerSecond')),
      drop: 2,
    },
    {
      title: 'SENT',
      cell: (usage) => perSecond(networkTotal(usage, 'transmitBytesPerSecond')),
      drop: 2,
    },
  ];
}

function operations(usage: VmUsage): string {
  const found = diskTotal(usage, 'readOperationsPerSecond', 'writeOperationsPerSecond');
  if (found === undefined) return usage.missing ?? '';
  return found < 10 ? found.toFixed(1) : found.toFixed(0);
}

/** Of one processor, as top(1) has it. */
function percent(used: number | undefined): string {
  return used === undefined ? '' : `${(used * 100).toFixed(used < 0.0995 ? 1 : 0)}%`;
}

function perSecond(value: number | undefined): string {
  return value === undefined ? '' : `${bytes(value)}/s`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** With two digits at least and three at most. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return '';
  let [amount, unit] = [value, 0];
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && amount < 9.95 ? 1 : 0;
  return `${amount.toFixed(digits)} ${UNITS[unit]}`;
}
