/**
 * What QEMU counts of its guest's devices. Its answers may be anything, for a guest may have taken it over: only numbers
 * are let through, and only of disks that the instance has.
 *
 * Not here: network traffic. User-mode networking has no interface on the host, and neither QMP nor the human monitor of
 * QEMU 7.2 counts what goes through it (`query-rx-filter` and `info usernet` tell filters and connections). Only the guest
 * knows (`core/agent/guest-traffic.ts`).
 */
import type { Json, JsonObject } from '../core/model/json.ts';
import { diskNode } from '../core/qemu-args/blockdev.ts';

/** Since the instance's start, as its guest asked for it. */
export interface DiskUse {
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

export interface DeviceUse {
  /** One for each disk of the instance, in its order; undefined where QEMU tells nothing of it. */
  readonly disks: readonly (DiskUse | undefined)[];
  /** Memory that the guest has, as its balloon driver leaves it. */
  readonly balloonBytes?: number;
}

type Execute = (command: string) => Promise<Json>;

/** @throws what `execute` throws */
export async function queryDeviceUse(
  execute: Execute,
  devices: { readonly disks: number; readonly balloon: boolean },
): Promise<DeviceUse> {
  const [blocks, balloon] = await Promise.all([
    devices.disks === 0 ? [] : execute('query-blockstats'),
    devices.balloon ? execute('query-balloon') : null,
  ]);
  const disks = parseBlockStats(blocks, devices.disks);
  const balloonBytes = count(asObject(balloon)?.['actual']);
  return balloonBytes === undefined ? { disks } : { disks, balloonBytes };
}

/** QAPI `BlockStats`, one for each node that a device uses. */
export function parseBlockStats(answer: Json, disks: number): readonly (DiskUse | undefined)[] {
  const nodes = new Map(
    (Array.isArray(answer) ? (answer as readonly Json[]) : []).map((item) => {
      const node = asObject(item);
      return [node?.['node-name'], asObject(node?.['stats'])] as const;
    }),
  );
  return Array.from({ length: disks }, (_, index) => diskUse(nodes.get(diskNode(index))));
}

/** QAPI `BlockDeviceStats`; times are in nanoseconds. */
function diskUse(stats: JsonObject | undefined): DiskUse | undefined {
  if (stats === undefined) return undefined;
  const number = (name: string): number => count(stats[name]) ?? 0;
  return {
    readBytes: number('rd_bytes'),
    writeBytes: number('wr_bytes'),
    readOperations: number('rd_operations'),
    writeOperations: number('wr_operations'),
    flushOperations: number('flush_operations'),
    readSeconds: number('rd_total_time_ns') / 1e9,
    writeSeconds: number('wr_total_time_ns') / 1e9,
    flushSeconds: number('flush_total_time_ns') / 1e9,
  };
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
