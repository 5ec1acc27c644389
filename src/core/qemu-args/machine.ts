/** Identity, machine type, accelerator, CPU and memory. */
import type { CpuSpec } from '../model/virtual-machine.ts';
import { listValue } from './encode.ts';
import { firmwareOfMachine } from './firmware.ts';
import type { Accelerator, QemuArgsInput } from './input.ts';

const MIB = 1024 * 1024;

/** CPU models are the one value with no quoting in QEMU (`-cpu model,feature…`), so they must be plain. */
export const CPU_MODEL = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;

export function identityArgs({ uid, vm }: QemuArgsInput): readonly string[] {
  return ['-name', `guest=${listValue(`${vm.namespace}/${vm.name}`)}`, '-uuid', uid];
}

export function machineArgs(input: QemuArgsInput): readonly string[] {
  const { spec, accelerator } = input;
  const machine = [
    `type=${listValue(spec.machineType)}`,
    ...(spec.acpi ? [] : ['acpi=off']),
    ...firmwareOfMachine(input),
  ];
  return [
    ...['-machine', machine.join(',')],
    ...['-accel', accelerator],
    ...['-cpu', cpuModel(spec.cpu, accelerator)],
    ...['-smp', topology(spec.cpu)],
    ...['-m', `size=${spec.memoryBytes / MIB}M`],
  ];
}

/** TCG has no host CPU to pass on; `max` is all that it can emulate. */
function cpuModel({ model }: CpuSpec, accelerator: Accelerator): string {
  const host = model === 'host-model' || model === 'host-passthrough';
  if (!host) return model;
  return accelerator === 'kvm' ? 'host' : 'max';
}

function topology({ sockets, cores, threads }: CpuSpec): string {
  const cpus = sockets * cores * threads;
  return `cpus=${cpus},sockets=${sockets},cores=${cores},threads=${threads}`;
}
