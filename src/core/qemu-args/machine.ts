/** Identity, machine type, accelerator, CPU and memory. */
import type { CpuSpec } from '../model/machine.ts';
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { jsonOption, listValue } from './encode.ts';
import { firmwareOfMachine } from './firmware.ts';
import type { Accelerator, QemuArgsInput } from './input.ts';

const MIB = 1024 * 1024;

/** CPU models are the one value with no quoting in QEMU (`-cpu model,feature…`), so they must be plain. */
export const CPU_MODEL = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;

const RAM = 'ram0';

/**
 * Memory of another kind than usual: made of huge pages, all of them taken at once, for a guest that found none later would be
 * killed; or shared with the processes that serve filesystems (vhost-user).
 */
export function memoryArgs(spec: InstanceSpec): readonly string[] {
  const { memoryBytes, hugepageBytes } = spec;
  if (!hasMemoryBackend(spec)) return [];
  return jsonOption('-object', {
    'qom-type': 'memory-backend-memfd',
    id: RAM,
    size: memoryBytes,
    ...(sharesMemory(spec) ? { share: true } : {}),
    ...(hugepageBytes === undefined
      ? {}
      : { hugetlb: true, hugetlbsize: hugepageBytes, prealloc: true }),
  });
}

function hasMemoryBackend(spec: InstanceSpec): boolean {
  return spec.hugepageBytes !== undefined || sharesMemory(spec);
}

function sharesMemory({ filesystems = [] }: InstanceSpec): boolean {
  return filesystems.length > 0;
}

export function identityArgs({ uid, vm }: QemuArgsInput): readonly string[] {
  return ['-name', `guest=${listValue(`${vm.namespace}/${vm.name}`)}`, '-uuid', uid];
}

export function machineArgs(input: QemuArgsInput): readonly string[] {
  const { spec, accelerator } = input;
  const machine = [
    `type=${listValue(spec.machineType)}`,
    // The newest interrupt controller that QEMU emulates: the default takes 8 CPUs at most.
    ...(spec.architecture === 'arm64' ? ['gic-version=3'] : []),
    ...(spec.acpi ? [] : ['acpi=off']),
    ...(spec.clock?.hpet === undefined ? [] : [`hpet=${onOff(spec.clock.hpet)}`]),
    ...(hasMemoryBackend(spec) ? [`memory-backend=${RAM}`] : []),
    ...firmwareOfMachine(input),
  ];
  return [
    ...['-machine', machine.join(',')],
    ...['-accel', accelerator],
    ...['-cpu', [cpuModel(spec.cpu, accelerator), ...cpuFeatures(spec.cpu)].join(',')],
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

function cpuFeatures({ features = [] }: CpuSpec): readonly string[] {
  return features.map(({ name, on }) => `${name}=${onOff(on)}`);
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}

function topology({ sockets, cores, threads }: CpuSpec): string {
  const cpus = sockets * cores * threads;
  return `cpus=${cpus},sockets=${sockets},cores=${cores},threads=${threads}`;
}
