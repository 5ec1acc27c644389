/** Small valid values to start from; each test changes only what it is about. */

import type { DiskSpec } from '../../../../src/core/model/storage.ts';
import type { InstanceSpec } from '../../../../src/core/model/virtual-machine.ts';
import { instancePaths } from '../../../../src/core/paths.ts';
import type { PreparedDisk, QemuArgsInput } from '../../../../src/core/qemu-args/input.ts';

export const UID = '6f0a4b7e-1f6b-4f6e-9a55-2a1a34f0c9d1';

export function aSpec(changes: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    cpu: { sockets: 1, cores: 1, threads: 1, model: 'host-model' },
    memoryBytes: 64 * 1024 * 1024,
    machineType: 'q35',
    acpi: true,
    disks: [],
    interfaces: [],
    rng: false,
    panicDevices: [],
    graphics: false,
    serialConsole: false,
    memBalloon: false,
    inputDevice: false,
    gracePeriodSeconds: 30,
    startPaused: false,
    rebootPolicy: 'Reboot',
    ...changes,
  };
}

export function aDisk(changes: Partial<DiskSpec> = {}): DiskSpec {
  return {
    name: 'root',
    device: 'disk',
    bus: 'virtio',
    readonly: false,
    errorPolicy: 'stop',
    source: { kind: 'emptyDisk', capacityBytes: 1 << 20 },
    ...changes,
  };
}

export function prepared(disk: DiskSpec, changes: Partial<PreparedDisk> = {}): PreparedDisk {
  return {
    name: disk.name,
    file: `/disks/${disk.name}.raw`,
    format: 'raw',
    readonly: disk.readonly || disk.device === 'cdrom',
    cache: disk.cache ?? 'writeback',
    ...changes,
  };
}

export function anInput(changes: Partial<QemuArgsInput> = {}): QemuArgsInput {
  const spec = changes.spec ?? aSpec();
  return {
    uid: UID,
    vm: { namespace: 'default', name: 'web' },
    paths: instancePaths('/state', '/run', UID),
    accelerator: 'tcg',
    now: Date.UTC(2026, 10, 29, 0, 30),
    disks: spec.disks.map((disk) => prepared(disk)),
    ...changes,
    spec,
  };
}
