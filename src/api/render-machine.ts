/** The part of an instance's status that tells of its machine: what QEMU was given. Pure. */
import { addressesOf, type JoinedInterface, joinInterfaces } from '../core/agent/guest-status.ts';
import { binaryQuantity } from '../core/manifest/quantity.ts';
import { volumeTargets } from '../core/status/volume-targets.ts';
import type { LiveFacts } from '../supervisor/snapshot.ts';
import type { InterfaceStatus, MachineStatus } from './contract-instance.ts';

export function renderMachine(facts: LiveFacts): MachineStatus {
  const {
    cpu,
    memoryBytes,
    machineType,
    disks,
    filesystems = [],
    interfaces,
  } = facts.instance.spec;
  const targets = volumeTargets(disks);
  const guest = facts.seen?.guest;
  const memory = binaryQuantity(memoryBytes);
  return {
    interfaces: joinInterfaces(facts, interfaces, guest?.interfaces ?? [], facts.seen?.leases).map(
      renderInterface,
    ),
    machine: { type: machineType },
    currentCPUTopology: { cores: cpu.cores, sockets: cpu.sockets, threads: cpu.threads },
    memory: { guestAtBoot: memory, guestCurrent: memory, guestRequested: memory },
    volumeStatus: [
      ...disks.map(({ name }, index) => ({ name, target: targets[index] ?? '' })),
      ...filesystems.map(({ name }) => ({ name, target: '' })),
    ],
    ...(facts.instance.vsockCid === undefined ? {} : { VSOCKCID: facts.instance.vsockCid }),
    ...(guest?.os === undefined ? {} : { guestOSInfo: guest.os }),
    ...(facts.instance.freeze === undefined ? {} : { fsFreezeStatus: 'frozen' }),
  };
}

function renderInterface(joined: JoinedInterface): InterfaceStatus {
  const { spec, mac, guest, leased } = joined;
  const ipAddresses = addressesOf(joined);
  const [ipAddress] = ipAddresses;
  const sources = [
    ...(spec === undefined ? [] : ['domain']),
    ...(guest ? ['guest-agent'] : []),
    ...(leased === undefined ? [] : ['dhcp']),
  ];
  return {
    ...(spec === undefined ? {} : { name: spec.name }),
    ...(mac === undefined ? {} : { mac }),
    ...(guest === undefined ? {} : { interfaceName: guest.name }),
    ...(ipAddress === undefined ? {} : { ipAddress, ipAddresses }),
    infoSource: sources.join(', '),
    ...(spec === undefined ? {} : { queueCount: 1, linkState: 'up' }),
  };
}
