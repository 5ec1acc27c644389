/** VirtualMachines and their instances as the socket serves them. */
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import { INSTANCE_COLUMNS, VM_COLUMNS } from './columns-vm.ts';
import type { InstanceObject, VmObject } from './contract.ts';
import { strategyCell } from './contract-words.ts';
import type { Served } from './present.ts';
import { KUBEVIRT_GROUP } from './resources.ts';
import { type Store, sourceOf } from './source.ts';

/** @param render `renderVm`, or what keeps what it made */
export function servedVms(
  board: Store<VmSnapshot>,
  render: (snapshot: VmSnapshot) => VmObject | undefined,
): Served<VmObject> {
  return {
    group: KUBEVIRT_GROUP,
    plural: 'virtualmachines',
    kind: 'VirtualMachine',
    source: sourceOf(board, render),
    columns: VM_COLUMNS,
    fields: {
      'spec.runStrategy': strategyCell,
      'status.printableStatus': ({ status }) => status.printableStatus,
      'status.ready': ({ status }) => String(status.ready),
    },
  };
}

/**
 * An instance comes and goes within the changes of its VM.
 * @param render `renderInstance`, or what keeps what it made
 */
export function servedInstances(
  board: Store<VmSnapshot>,
  render: (snapshot: VmSnapshot) => InstanceObject | undefined,
): Served<InstanceObject> {
  return {
    group: KUBEVIRT_GROUP,
    plural: 'virtualmachineinstances',
    kind: 'VirtualMachineInstance',
    source: sourceOf(board, render),
    columns: INSTANCE_COLUMNS,
    fields: {
      'status.phase': ({ status }) => status.phase,
      'status.nodeName': ({ status }) => status.nodeName,
    },
  };
}
