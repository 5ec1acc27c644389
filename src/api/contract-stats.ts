/**
 * What VMs use, as the socket tells it. solovirt's own. Counters grow from the start of the instance on: a rate is the
 * difference of two answers with the same `instance.uid`, over that of their timestamps.
 */
import type { InterfaceUse } from '../core/agent/guest-traffic.ts';
import { SOLOVIRT_API } from './contract-paths.ts';

/** GET: `VmStatsObject`. */
export function statsPath(namespace: string, name: string): string {
  return `${SOLOVIRT_API}/namespaces/${encodeURIComponent(namespace)}/virtualmachines/${encodeURIComponent(name)}/stats`;
}

/** GET: `VmStatsList`, of one namespace or all. */
export function statsListPath(namespace: string | undefined): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${SOLOVIRT_API}${scope}/stats`;
}

export interface VmStatsObject {
  readonly apiVersion: 'solovirt.io/v1';
  readonly kind: 'VirtualMachineStats';
  readonly metadata: { readonly name: string; readonly namespace: string };
  /** When the numbers were taken; RFC 3339 with milliseconds. */
  readonly timestamp: string;
  /** This and all below are absent while the VM is down. */
  readonly instance?: { readonly uid: string };
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  /** In the order of the manifest; absent when QEMU did not tell in time. */
  readonly disks?: readonly DiskStats[];
  /** Those that the guest's agent tells of: its own word, for QEMU counts no traffic. Absent when there are none. */
  readonly interfaces?: readonly InterfaceStats[];
  /** Why QEMU's own numbers are missing: `unresponsive`, `late` or `failed`. */
  readonly missing?: string;
}

export interface CpuStats {
  /** Virtual processors. */
  readonly count: number;
  /** Seconds of the host's processors that QEMU took; absent when its process is gone. */
  readonly usageSeconds?: number;
  readonly userSeconds?: number;
  readonly systemSeconds?: number;
}

export interface MemoryStats {
  /** RAM of the guest. */
  readonly guestBytes: number;
  /** Of the host's, by QEMU. */
  readonly residentBytes?: number;
  /** What the balloon driver leaves the guest. */
  readonly balloonBytes?: number;
}

export interface DiskStats {
  readonly name: string;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
  readonly flushOperations: number;
  /** Seconds that operations took, added up. */
  readonly readSeconds: number;
  readonly writeSeconds: number;
  readonly flushSeconds: number;
}

export interface InterfaceStats extends InterfaceUse {
  /** As in the manifest. */
  readonly name: string;
}

export interface VmStatsList {
  readonly apiVersion: 'solovirt.io/v1';
  readonly kind: 'VirtualMachineStatsList';
  readonly items: readonly VmStatsObject[];
}
