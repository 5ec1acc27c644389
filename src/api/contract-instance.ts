/** What clients see of a VirtualMachineInstance's status. Shapes are KubeVirt's (`VirtualMachineInstanceStatus`). */
import type { GuestOs } from '../core/agent/guest-facts.ts';
import type { Phase } from '../core/model/record.ts';

/** `VirtualMachineInstanceNetworkInterface`. */
export interface InterfaceStatus {
  /** Of the interface in the manifest; absent for one that only the guest knows. */
  readonly name?: string;
  readonly mac?: string;
  /** First of `ipAddresses`. */
  readonly ipAddress?: string;
  readonly ipAddresses?: readonly string[];
  /** As the guest calls it. */
  readonly interfaceName?: string;
  /** Who says so: `domain`, `guest-agent`, or both with a comma between them. */
  readonly infoSource: string;
  readonly queueCount?: number;
  readonly linkState?: 'up' | 'down';
}

/** `VolumeStatus`. */
export interface VolumeStatus {
  readonly name: string;
  /** The device name that a guest of one kind of bus would give it: `vda`; empty for a filesystem. */
  readonly target: string;
}

export interface CpuTopology {
  readonly cores: number;
  readonly sockets: number;
  readonly threads: number;
}

/** `MemoryStatus`: quantities. There is no memory hotplug, so all three are one. */
export interface MemoryStatus {
  readonly guestAtBoot: string;
  readonly guestCurrent: string;
  readonly guestRequested: string;
}

export interface PhaseTransition {
  readonly phase: Phase;
  readonly phaseTransitionTimestamp: string;
}

/** What is known of the instance's machine while it lives. */
export interface MachineStatus {
  readonly interfaces: readonly InterfaceStatus[];
  readonly machine: { readonly type: string };
  readonly currentCPUTopology: CpuTopology;
  readonly memory: MemoryStatus;
  readonly volumeStatus: readonly VolumeStatus[];
  /** Address for sockets between host and guest, where there are some. */
  readonly VSOCKCID?: number;
  /** Absent until the agent has told. */
  /** `VirtualMachineInstanceGuestOSInfo`. */
  readonly guestOSInfo?: GuestOs;
  /** Present while a command keeps the guest's file systems frozen. */
  readonly fsFreezeStatus?: 'frozen';
}
