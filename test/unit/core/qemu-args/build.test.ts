/** Each field of a spec and the arguments that follow from it. */
import { describe, expect, test } from 'vitest';
import type { InterfaceSpec } from '../../../../src/core/model/network-interface.ts';
import type { DiskSpec } from '../../../../src/core/model/storage.ts';
import type { InstanceSpec } from '../../../../src/core/model/virtual-machine.ts';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { unsupportedByQemu } from '../../../../src/core/qemu-args/unsupported.ts';
import { aDisk, anInput, aSpec, prepared, UID } from './builders.ts';
import { device, jsonValues, soleValue } from './parse-args.ts';

function build(spec: Partial<InstanceSpec>): readonly string[] {
  return buildQemuArgs(anInput({ spec: aSpec(spec) }));
}

const nic: InterfaceSpec = { name: 'default', model: 'virtio', forwards: [] };

describe('the process', () => {
  test('starts from nothing, stopped, sandboxed and without windows', () => {
    const args = build({});
    expect(args.slice(0, 2)).toEqual(['-no-user-config', '-nodefaults']);
    expect(args).toContain('-S');
    expect(soleValue(args, '-msg')).toBe('timestamp=on');
    for (const flag of ['-display', '-monitor', '-parallel', '-serial'])
      expect(soleValue(args, flag)).toBe('none');
    expect(soleValue(args, '-sandbox')).toBe(
      'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    );
    expect(soleValue(args, '-uuid')).toBe(UID);
    expect(soleValue(args, '-boot')).toBe('strict=on');
  });

  test.for<[Partial<InstanceSpec>, string]>([
    [{}, 'reboot=reset,shutdown=poweroff,panic=exit-failure,watchdog=reset'],
    [{ panicDumps: 1 }, 'reboot=reset,shutdown=poweroff,panic=pause,watchdog=reset'],
    [
      { rebootPolicy: 'Terminate' },
      'reboot=shutdown,shutdown=poweroff,panic=exit-failure,watchdog=reset',
    ],
    [
      { watchdog: { name: 'w', action: 'poweroff' } },
      'reboot=reset,shutdown=poweroff,panic=exit-failure,watchdog=poweroff',
    ],
    [
      { watchdog: { name: 'w', action: 'shutdown' } },
      'reboot=reset,shutdown=poweroff,panic=exit-failure,watchdog=shutdown',
    ],
  ])('%j ends as %s', ([spec, action]) => {
    expect(soleValue(build(spec), '-action')).toBe(action);
  });
});

describe('the machine', () => {
  test.for([
    ['host-model', 'kvm', 'host'],
    ['host-model', 'tcg', 'max'],
    ['host-passthrough', 'kvm', 'host'],
    ['host-passthrough', 'tcg', 'max'],
    ['Haswell-noTSX-IBRS', 'kvm', 'Haswell-noTSX-IBRS'],
    ['qemu64', 'tcg', 'qemu64'],
  ] as const)('CPU model %s under %s is %s', ([model, accelerator, cpu]) => {
    const spec = aSpec({ cpu: { sockets: 1, cores: 1, threads: 1, model } });
    const args = buildQemuArgs(anInput({ spec, accelerator }));
    expect(soleValue(args, '-cpu')).toBe(cpu);
    expect(soleValue(args, '-accel')).toBe(accelerator);
  });

  test('has the topology, memory and ACPI that are asked for', () => {
    const args = build({
      cpu: { sockets: 2, cores: 3, threads: 4, model: 'max' },
      memoryBytes: 3 * 1024 ** 3,
      machineType: 'pc',
      acpi: false,
    });
    expect(soleValue(args, '-smp')).toBe('cpus=24,sockets=2,cores=3,threads=4');
    expect(soleValue(args, '-m')).toBe('size=3072M');
    expect(soleValue(args, '-machine')).toBe('type=pc,acpi=off');
  });

  test('boots a kernel only when the spec says so, and never an unprepared one', () => {
    const kernel = { kernelPath: '/k' };
    expect(buildQemuArgs(anInput({ kernel }))).not.toContain('-kernel');
    const spec = aSpec({
      kernelBoot: { source: { kind: 'files', kernelPath: 'k' }, kernelArgs: '' },
    });
    const args = buildQemuArgs(anInput({ spec, kernel }));
    expect(soleValue(args, '-kernel')).toBe('/k');
    expect(args).not.toContain('-append');
    expect(args).not.toContain('-initrd');
    expect(() => buildQemuArgs(anInput({ spec }))).toThrow('has not been prepared');
  });
});

describe('disks', () => {
  test('match the prepared ones by name, not by position', () => {
    const one = aDisk({ name: 'one' });
    const two = aDisk({ name: 'two', readonly: true });
    const spec = aSpec({ disks: [one, two] });
    const disks = [prepared(two, { format: 'qcow2' }), prepared(one)];
    const nodes = jsonValues(buildQemuArgs(anInput({ spec, disks })), '-blockdev');
    expect(nodes).toMatchObject([
      { 'node-name': 'd0-file', driver: 'file', filename: '/disks/one.raw', 'read-only': false },
      { 'node-name': 'd0', driver: 'raw', file: 'd0-file', 'read-only': false },
      { 'node-name': 'd1-file', driver: 'file', filename: '/disks/two.raw', 'read-only': true },
      { 'node-name': 'd1', driver: 'qcow2', file: 'd1-file', 'read-only': true },
    ]);
    expect(() => buildQemuArgs(anInput({ spec, disks: [prepared(one)] }))).toThrow(
      'disk two has not been prepared',
    );
  });

  test.for([
    ['none', true, 'on'],
    ['writethrough', false, 'off'],
    ['writeback', false, 'on'],
  ] as const)('cache %s: direct %s, write cache %s', ([cache, direct, writeCache]) => {
    const args = build({ disks: [aDisk({ cache })] });
    for (const node of jsonValues(args, '-blockdev'))
      expect(node).toMatchObject({ cache: { direct, 'no-flush': false }, discard: 'unmap' });
    expect(device(args, 'disk0')).toMatchObject({ 'write-cache': writeCache });
  });

  test.for([
    ['stop', 'stop', 'stop'],
    ['ignore', 'ignore', 'ignore'],
    ['report', 'report', 'report'],
    ['enospace', 'enospc', 'report'],
  ] as const)('error policy %s: werror %s, rerror %s', ([errorPolicy, werror, rerror]) => {
    expect(device(build({ disks: [aDisk({ errorPolicy })] }), 'disk0')).toMatchObject({
      werror,
      rerror,
    });
    const cdrom = aDisk({ errorPolicy, device: 'cdrom', bus: 'sata', readonly: true });
    const properties = device(build({ disks: [cdrom] }), 'disk0');
    expect(properties).toMatchObject({ rerror });
    expect(properties).not.toHaveProperty('werror');
  });

  test.for([
    ['virtio', 'disk', 'virtio-blk-pci', 'pcie.0'],
    ['virtio', 'cdrom', 'virtio-blk-pci', 'pcie.0'],
    ['sata', 'disk', 'ide-hd', 'sata0.0'],
    ['sata', 'cdrom', 'ide-cd', 'sata0.0'],
    ['scsi', 'disk', 'scsi-hd', 'scsi0.0'],
    ['scsi', 'cdrom', 'scsi-cd', 'scsi0.0'],
    ['usb', 'disk', 'scsi-hd', 'disk0-usb.0'],
    ['usb', 'cdrom', 'scsi-cd', 'disk0-usb.0'],
  ] as const)('bus %s, %s: %s on %s', ([bus, kind, driver, on]) => {
    const args = build({ disks: [aDisk({ bus, device: kind, readonly: kind === 'cdrom' })] });
    expect(device(args, 'disk0')).toMatchObject({ driver, bus: on, drive: 'd0' });
  });

  test('a block device of the host has its own driver', () => {
    const disk = aDisk();
    const args = buildQemuArgs(
      anInput({ spec: aSpec({ disks: [disk] }), disks: [prepared(disk, { blockDevice: true })] }),
    );
    expect(jsonValues(args, '-blockdev')[0]).toMatchObject({ driver: 'host_device' });
  });

  test.for<[string, readonly Partial<DiskSpec>[], number | undefined, readonly unknown[]]>([
    ['disks in order', [{}, {}], undefined, [1, 2, undefined]],
    ['only the one that asks', [{}, { bootOrder: 5 }], undefined, [undefined, 5, undefined]],
    ['an interface that asks', [{}, {}], 2, [undefined, undefined, 2]],
  ])('boot order: %s', ([, disks, nicOrder, expected]) => {
    const args = build({
      disks: disks.map((disk, n) => aDisk({ name: `d${n}`, ...disk })),
      interfaces: [{ ...nic, ...(nicOrder === undefined ? {} : { bootOrder: nicOrder }) }],
    });
    expect(['disk0', 'disk1', 'nic0'].map((id) => device(args, id)['bootindex'])).toEqual(expected);
  });
});

describe('what QEMU cannot do', () => {
  const many = (count: number, bus: DiskSpec['bus']) =>
    Array.from({ length: count }, (_, n) => aDisk({ name: `d${n}`, bus }));

  test.for<[string, Partial<InstanceSpec>, string | undefined]>([
    ['29 virtio disks', { disks: many(29, 'virtio') }, undefined],
    ['30 virtio disks', { disks: many(30, 'virtio') }, 'needs 30 PCI slots and the machine has 29'],
    [
      '28 virtio disks and two SATA ones',
      { disks: [...many(28, 'virtio'), ...many(2, 'sata')] },
      undefined,
    ],
    ['15 USB disks', { disks: many(15, 'usb') }, undefined],
    [
      '15 USB disks and a tablet',
      { disks: many(15, 'usb'), inputDevice: true },
      'at most 14 disks',
    ],
    ['256 SCSI disks', { disks: many(256, 'scsi') }, undefined],
    ['257 SCSI disks', { disks: many(257, 'scsi') }, 'at most 256 disks'],
    [
      'a read-only SATA disk',
      { disks: [aDisk({ bus: 'sata', readonly: true })] },
      'disk root: a SATA disk cannot be read-only',
    ],
    [
      'a read-only SATA CD-ROM',
      { disks: [aDisk({ bus: 'sata', device: 'cdrom', readonly: true })] },
      undefined,
    ],
    ['a long serial on virtio', { disks: [aDisk({ serial: 'x'.repeat(99) })] }, undefined],
    [
      'a serial of 36 bytes on SCSI',
      { disks: [aDisk({ bus: 'scsi', serial: 'x'.repeat(36) })] },
      undefined,
    ],
    [
      'one of 38 bytes in 19 letters',
      { disks: [aDisk({ bus: 'usb', serial: 'ü'.repeat(19) })] },
      'at most 36 bytes',
    ],
    [
      'a forward on a name',
      {
        interfaces: [
          {
            ...nic,
            forwards: [{ protocol: 'tcp', hostAddress: 'localhost', hostPort: 1, guestPort: 1 }],
          },
        ],
      },
      'interface default: localhost is not an IPv4 address',
    ],
    [
      'a forward with more than an address',
      {
        interfaces: [
          {
            ...nic,
            forwards: [
              { protocol: 'tcp', hostAddress: '127.0.0.1:1-:2,', hostPort: 1, guestPort: 1 },
            ],
          },
        ],
      },
      'is not an IPv4 address',
    ],
  ])('%s', ([, spec, problem]) => {
    const found = unsupportedByQemu(aSpec(spec));
    if (problem === undefined) {
      expect(found).toEqual([]);
      expect(() => build(spec)).not.toThrow();
    } else {
      expect(found.join()).toContain(problem);
      expect(() => build(spec)).toThrow(problem);
    }
  });
});
