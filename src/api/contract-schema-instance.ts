/**
 * The status of an instance, declared beside the types of `contract-instance.ts`. A field that is added there gets its
 * words here: the compiler asks for them.
 */
import { declareType, field } from '../core/schema/declare.ts';
import { INTEGER, listOf, type ObjectType, of, oneOf, TEXT, TIME } from '../core/schema/schema.ts';
import type { InstanceObject } from './contract.ts';
import type {
  CpuTopology,
  InterfaceStatus,
  MachineStatus,
  MemoryStatus,
  VolumeStatus,
} from './contract-instance.ts';
import type { Condition } from './contract-meta.ts';

import { GUEST_OS } from './contract-schema-guest.ts';

const PHASES = ['Pending', 'Scheduling', 'Scheduled', 'Running', 'Succeeded', 'Failed'];

export function conditionType(name: string): ObjectType {
  return declareType<Condition>(
    { name, description: 'Something that is or is not the case.' },
    {
      type: field(TEXT, 'What it is about.'),
      status: field(oneOf('True', 'False'), 'Whether it is the case.'),
      reason: field(TEXT, 'Why, as one word.'),
      message: field(TEXT, 'Why, in words.'),
      lastTransitionTime: field(TIME, 'Since when.'),
    },
    ['type', 'status'],
  );
}

const MACHINE = declareType<MachineStatus['machine']>(
  { name: 'Machine', description: 'The board of the machine.' },
  { type: field(TEXT, 'The machine type that QEMU has.') },
);

const CPU_TOPOLOGY = declareType<CpuTopology>(
  { name: 'CPUTopology', description: 'The arrangement of the CPUs.' },
  {
    cores: field(INTEGER, 'Cores of each socket.'),
    sockets: field(INTEGER, 'Sockets of the board.'),
    threads: field(INTEGER, 'Threads of each core.'),
  },
);

const MEMORY = declareType<MemoryStatus>(
  { name: 'MemoryStatus', description: 'The memory. Nothing is plugged in later: all are one.' },
  {
    guestAtBoot: field({ kind: 'quantity' }, 'At the start.'),
    guestCurrent: field({ kind: 'quantity' }, 'Now.'),
    guestRequested: field({ kind: 'quantity' }, 'As the manifest asks.'),
  },
);

const VOLUME = declareType<VolumeStatus>(
  { name: 'VolumeStatus', description: 'A disk of the machine.' },
  {
    name: field(TEXT, 'The name of the volume.'),
    target: field(TEXT, 'What the guest would call it: vda.'),
  },
  ['name', 'target'],
);

const INTERFACE = declareType<InterfaceStatus>(
  {
    name: 'VirtualMachineInstanceNetworkInterface',
    description: 'A network card, and what is known of it.',
  },
  {
    name: field(TEXT, 'The name in the manifest; absent for one that only the guest knows.'),
    mac: field(TEXT, 'Its hardware address.'),
    ipAddress: field(TEXT, 'The first of its addresses.'),
    ipAddresses: field(listOf(TEXT), 'Its addresses.'),
    interfaceName: field(TEXT, 'What the guest calls it.'),
    infoSource: field(
      TEXT,
      'Who says so: domain, guest-agent, dhcp (of a network that solovirt makes), or several of them.',
    ),
    queueCount: field(INTEGER, 'How many queues it has.'),
    linkState: field(oneOf('up', 'down'), 'Whether the cable is plugged in.'),
  },
);

const PHASE_TRANSITION = declareType<InstanceObject['status']['phaseTransitionTimestamps'][number]>(
  {
    name: 'VirtualMachineInstancePhaseTransitionTimestamp',
    description: 'When an instance reached a phase.',
  },
  {
    phase: field(oneOf(...PHASES), 'The phase.'),
    phaseTransitionTimestamp: field(TIME, 'When it was reached.'),
  },
);

export const INSTANCE_STATUS = declareType<InstanceObject['status']>(
  { name: 'VirtualMachineInstanceStatus', description: 'What is the case with one run of a VM.' },
  {
    phase: field(oneOf(...PHASES), 'How far the run has come.'),
    nodeName: field(TEXT, 'The name of the host.'),
    conditions: field(
      listOf(conditionType('VirtualMachineInstanceCondition')),
      'What is and what is not the case.',
    ),
    phaseTransitionTimestamps: field(listOf(PHASE_TRANSITION), 'When each phase was reached.'),
    reason: field(TEXT, 'Why the run ended, as one word.'),
    machine: field(of(MACHINE), 'The board.'),
    currentCPUTopology: field(of(CPU_TOPOLOGY), 'The CPUs.'),
    memory: field(of(MEMORY), 'The memory.'),
    volumeStatus: field(listOf(VOLUME), 'The disks.'),
    interfaces: field(
      listOf(INTERFACE),
      'The network cards, and what is known of their addresses.',
    ),
    VSOCKCID: field(INTEGER, 'The address of the guest for sockets between it and the host.'),
    guestOSInfo: field(of(GUEST_OS), 'What the agent in the guest tells of its system.'),
    fsFreezeStatus: field(oneOf('frozen'), 'A command keeps the file systems frozen.'),
  },
  ['phase', 'nodeName', 'conditions', 'phaseTransitionTimestamps'],
);
