/** The part of an instance's status that tells of its machine: what QEMU was given. Pure. */
import { binaryQuantity } from '../core/manifest/quantity.ts';
import type { InterfaceSpec, VmIdentity } from '../core/model/virtual-machine.ts';
import { defaultMacAddress } from '../core/qemu-args/mac-address.ts';
import { volumeTargets } from '../core/status/volume-targets.ts';
import type { LiveFacts } from '../supervisor/snapshot.ts';
import type { InterfaceStatus, MachineStatus } from './contract-instance.ts';

export function renderMachine(facts: LiveFacts): MachineStatus {
  const { cpu, memoryBytes, machineType, disks, interfaces } = facts.instance.spec;
  const targets = volumeTargets(disks);
  const memory = binaryQuantity(memoryBytes);
  return {
    interfaces: interfaces.map((nic) => renderInterface(facts, nic)),
    machine: { type: machineType },
    currentCPUTopology: { cores: cpu.cores, sockets: cpu.sockets, threads: cpu.threads },
    memory: { guestAtBoot: memory, guestCurrent: memory, guestRequested: memory },
    volumeStatus: disks.map(({ name }, index) => ({ name, target: targets[index] ?? '' })),
  };
}

function renderInterface(vm: VmIdentity, { name, macAddress }: InterfaceSpec): InterfaceStatus {
  return {
    name,
    mac: macAddress ?? defaultMacAddress(vm, name),
    infoSource: 'domain',
    queueCount: 1,
    linkState: 'up',
  };
}
