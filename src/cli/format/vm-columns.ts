/**
 * The columns of `solovirt list`.
 */
import type { VmObject } from '../../api/contract.ts';
import { type Style, statusStyle } from './paint.ts';
import type { Column } from './table.ts';
import { ageCell, isUnready, lastEndCell, statusCell, strategyCell } from './vm-words.ts';

export function vmColumns(options: {
  readonly wide: boolean;
  readonly namespaces: boolean;
}): readonly Column<VmObject>[] {
  return [
    ...(options.namespaces ? [NAMESPACE] : []),
    ...NARROW,
    ...(options.wide ? WIDE : []),
    // Last, for it is the longest and the one that a narrow terminal cuts.
    LAST_END,
  ];
}

const NAMESPACE: Column<VmObject> = { title: 'NAMESPACE', cell: (vm) => vm.metadata.namespace };

const NARROW: readonly Column<VmObject>[] = [
  { title: 'NAME', cell: (vm) => vm.metadata.name },
  { title: 'STATUS', cell: statusCell, style: statusCellStyle },
  { title: 'STRATEGY', cell: strategyCell, drop: 3 },
  { title: 'AGE', cell: ageCell, ages: true, drop: 2 },
];

const WIDE: readonly Column<VmObject>[] = [
  { title: 'IP', cell: ({ status }) => status.instance?.addresses?.[0] ?? '-', drop: 4 },
  { title: 'PID', cell: (vm) => `${vm.status.instance?.pid ?? '-'}`, drop: 4 },
  { title: 'RESETS', cell: (vm) => `${vm.status.instance?.resets ?? '-'}`, drop: 5 },
  { title: 'FILE', cell: (vm) => vm.status.file ?? '-', drop: 6 },
];

const LAST_END: Column<VmObject> = { title: 'LAST-END', cell: lastEndCell, ages: true, drop: 1 };

function statusCellStyle(vm: VmObject): Style | undefined {
  return statusStyle(isUnready(vm) ? 'Starting' : vm.status.printableStatus);
}
