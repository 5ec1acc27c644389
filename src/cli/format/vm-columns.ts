/**
 * The columns of `solovirt list`.
 */
import type { VmObject } from '../../api/contract.ts';
import type { Column } from './table.ts';
import { ageCell, lastEndCell, strategyCell } from './vm-words.ts';

export function vmColumns(options: {
  readonly wide: boolean;
  readonly namespaces: boolean;
}): readonly Column<VmObject>[] {
  return [
    ...(options.namespaces ? [NAMESPACE] : []),
    ...NARROW,
    ...(options.wide ? WIDE : []),
    // Last, for it is the longest and the one that may be cut off by a narrow terminal.
    LAST_END,
  ];
}

const NAMESPACE: Column<VmObject> = { title: 'NAMESPACE', cell: (vm) => vm.metadata.namespace };

const NARROW: readonly Column<VmObject>[] = [
  { title: 'NAME', cell: (vm) => vm.metadata.name },
  { title: 'STATUS', cell: (vm) => vm.status.printableStatus },
  { title: 'STRATEGY', cell: strategyCell },
  { title: 'AGE', cell: ageCell, ages: true },
];

const WIDE: readonly Column<VmObject>[] = [
  { title: 'PID', cell: (vm) => `${vm.status.instance?.pid ?? '-'}` },
  { title: 'RESETS', cell: (vm) => `${vm.status.instance?.resets ?? '-'}` },
  { title: 'FILE', cell: (vm) => vm.status.file ?? '-' },
];

const LAST_END: Column<VmObject> = { title: 'LAST-END', cell: lastEndCell, ages: true };
