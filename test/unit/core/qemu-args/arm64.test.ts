/** Guests for arm64: what KubeVirt's defaults make of them, what QEMU is told, and what they cannot have. */
import { describe, expect, test } from 'vitest';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { memoryOverhead } from '../../../../src/core/qemu-args/memory-overhead.ts';
import { systemTable } from '../../../../src/core/qemu-args/smbios.ts';
import { instanceOf, type Parts, problemsOf } from '../manifest/manifest-text.ts';
import { anInput, aSpec } from './builders.ts';

const ARM = { architecture: 'arm64' } as const;

describe('a file for arm64', () => {
  test('has KubeVirt’s defaults', () => {
    const volumes = [{ name: 'root', emptyDisk: { capacity: '1Mi' } }];
    const spec = instanceOf({ instance: { ...ARM, volumes } });
    expect(spec).toMatchObject({
      architecture: 'arm64',
      machineType: 'virt',
      bootloader: { kind: 'efi', secureBoot: false, persistent: false },
    });
    expect(spec.disks[0]?.bus).toBe('virtio');
    expect(
      instanceOf({ instance: { architecture: 'amd64', volumes } }).architecture,
    ).toBeUndefined();
  });

  test('has CD-ROM drives on scsi', () => {
    const volumes = [{ name: 'cd', emptyDisk: { capacity: '1Mi' } }];
    const devices = { disks: [{ name: 'cd', cdrom: {} }] };
    expect(instanceOf({ instance: { ...ARM, volumes }, devices }).disks[0]?.bus).toBe('scsi');
  });

  const domain = (part: Parts['domain'] & object): Parts => ({ instance: ARM, domain: part });
  const devices = (part: Parts['devices'] & object): Parts => ({ instance: ARM, devices: part });
  test.for<[string, Parts, string]>([
    ['a machine of a PC', domain({ machine: { type: 'q35' } }), 'domain.machine.type'],
    ['secure boot', domain({ firmware: { bootloader: { efi: {} } } }), 'bootloader.efi.secureBoot'],
    ['a BIOS', domain({ firmware: { bootloader: { bios: {} } } }), 'bootloader.bios'],
    ['SMM', domain({ features: { smm: {} } }), 'domain.devices'],
    ['CPU features', domain({ cpu: { features: [{ name: 'sve' }] } }), 'domain.devices'],
    ['HPET', domain({ clock: { timer: { hpet: {} } } }), 'domain.devices'],
    ['a watchdog', devices({ watchdog: { name: 'dog' } }), 'domain.devices'],
    ['an ISA device', devices({ panicDevices: [{ model: 'isa' }] }), 'domain.devices'],
    ['VGA', devices({ video: { type: 'vga' } }), 'domain.devices'],
  ])('cannot have %s', ([, parts, place]) => {
    const [problem, ...others] = problemsOf(parts);
    expect(others).toEqual([]);
    expect(problem).toMatch(/^impossible-machine /);
    expect(problem).toMatch(new RegExp(`${place}$`));
  });

  test('cannot have a disk on sata, and a file for amd64 no virt', () => {
    const volumes = [{ name: 'a', emptyDisk: { capacity: '1Mi' } }];
    const disks = [{ name: 'a', disk: { bus: 'sata' } }];
    expect(problemsOf({ instance: { ...ARM, volumes }, devices: { disks } })).toHaveLength(1);
    expect(problemsOf({ domain: { machine: { type: 'virt-7.2' } } })).toHaveLength(1);
    expect(problemsOf({ instance: { architecture: 's390x' } })).toEqual([
      'unsupported-value spec.template.spec.architecture',
    ]);
  });
});

test('QEMU is told of virt, its interrupt controller and its own devices', () => {
  const bootloader = { kind: 'efi', secureBoot: false, persistent: false } as const;
  const flash = { file: '/f', format: 'raw' } as const;
  const firmware = { code: flash, vars: flash, requiresSmm: false };
  const tpm = { persistent: true };
  const machineType = 'virt';
  const spec = aSpec({ ...ARM, machineType, bootloader, tpm, graphics: true, rng: true });
  const args = buildQemuArgs(anInput({ spec, firmware })).join(' ');
  expect(args).toContain(
    '-machine type=virt,gic-version=3,pflash0=flash-code,pflash1=flash-vars -accel tcg -cpu max',
  );
  expect(args).toContain('"driver":"tpm-tis-device"');
  expect(args).toMatch(/"driver":"virtio-gpu-pci","id":"video0","bus":"pcie.0","addr":"0x1"/);
  expect(args).toMatch(/"virtio-rng-pci"[^}]*"bus":"pcie.0","addr":"0x2"/);
  const table = systemTable({ namespace: 'a', name: 'b' }, spec);
  expect(Buffer.from(table).toString()).toContain('QEMU Virtual Machine\0virt\0');
  expect(memoryOverhead(spec) - memoryOverhead({ ...spec, architecture: undefined } as never)).toBe(
    128 * 2 ** 20,
  );
});
