/** Firmware on the command line, and how the machine names itself. */
import { describe, expect, test } from 'vitest';
import type { InstanceSpec } from '../../../../src/core/model/virtual-machine.ts';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { fileAccess } from '../../../../src/core/qemu-args/confinement.ts';
import type { PreparedFirmware } from '../../../../src/core/qemu-args/input.ts';
import { systemTable } from '../../../../src/core/qemu-args/smbios.ts';
import { stableUuid } from '../../../../src/core/seed/stable-uuid.ts';
import { anInput, aSpec, UID } from './builders.ts';

const FIRMWARE: PreparedFirmware = {
  code: { file: '/fw/CODE,1.fd', format: 'raw' },
  vars: { file: '/state/vars.fd', format: 'raw' },
  requiresSmm: false,
};
const EFI = { kind: 'efi', secureBoot: false, persistent: false } as const;

function argsOf(changes: Partial<InstanceSpec>, firmware?: PreparedFirmware): readonly string[] {
  return buildQemuArgs(anInput({ spec: aSpec(changes), ...(firmware && { firmware }) }));
}

function given(args: readonly string[], option: string): readonly string[] {
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ''] : []));
}

describe('UEFI', () => {
  test('is two flash chips, of which the guest writes one', () => {
    const args = argsOf({ bootloader: EFI }, FIRMWARE);
    expect(given(args, '-machine')).toEqual(['type=q35,pflash0=flash-code,pflash1=flash-vars']);
    const nodes = given(args, '-blockdev').map((node) => JSON.parse(node));
    expect(nodes).toContainEqual({
      driver: 'file',
      'node-name': 'flash-code-file',
      filename: '/fw/CODE,1.fd',
      'read-only': true,
    });
    expect(nodes).toContainEqual({
      driver: 'raw',
      'node-name': 'flash-vars',
      file: 'flash-vars-file',
      'read-only': false,
    });
    expect(given(args, '-global')).toEqual([]);
  });

  test('with secure boot is guarded by System Management Mode', () => {
    const bootloader = { ...EFI, secureBoot: true };
    const args = argsOf({ bootloader, smm: true }, { ...FIRMWARE, requiresSmm: true });
    expect(given(args, '-machine')[0]).toMatch(/,smm=on$/);
    expect(given(args, '-global')).toEqual(['driver=cfi.pflash01,property=secure,value=on']);
  });

  test('that has not been prepared is no BIOS instead', () => {
    expect(() => argsOf({ bootloader: EFI })).toThrow('the firmware has not been prepared');
  });

  test('opens its two files and no more', () => {
    const input = anInput({ firmware: FIRMWARE, systemTable: '/state/smbios.bin' });
    const access = fileAccess({ ...input, interfaces: [] });
    expect(access.read).toEqual(['/fw/CODE,1.fd', '/state/smbios.bin']);
    expect(access.write).toContain('/state/vars.fd');
    expect(access.write).not.toContain('/fw/CODE,1.fd');
  });
});

test.for([
  [undefined, undefined, 'type=q35'],
  [{ kind: 'bios', useSerial: false }, undefined, 'type=q35'],
  [{ kind: 'bios', useSerial: true }, undefined, 'type=q35,graphics=off'],
  [undefined, false, 'type=q35,smm=off'],
  [undefined, true, 'type=q35,smm=on'],
] as const)('the bootloader %j and SMM %j give -machine %s', ([bootloader, smm, expected]) => {
  const args = argsOf({ ...(bootloader && { bootloader }), ...(smm === undefined ? {} : { smm }) });
  expect(given(args, '-machine')).toEqual([expected]);
});

describe('the system table', () => {
  const vm = { namespace: 'default', name: 'web' };
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

  test('is shown by a file, and the instance keeps its own uuid', () => {
    const args = buildQemuArgs(anInput({ systemTable: '/state/a,b/smbios.bin' }));
    expect(given(args, '-smbios')).toEqual(['file=/state/a,,b/smbios.bin']);
    expect(given(args, '-uuid')).toEqual([UID]);
  });

  test('holds the uuid as SMBIOS wants it, and the serial number', () => {
    const system = { uuid: '00112233-4455-6677-8899-aabbccddeeff', serial: 'R-7' };
    const table = Buffer.from(systemTable(vm, aSpec({ system })));
    expect(table.subarray(0, 4).toString('hex')).toBe('011b0001');
    expect(table.subarray(4, 8).toString('hex')).toBe('01020304');
    expect(table.subarray(8, 24).toString('hex')).toBe('33221100554477668899aabbccddeeff');
    expect(table.subarray(24, 27).toString('hex')).toBe('060000');
    expect(table.subarray(27).toString()).toBe(
      'QEMU\0Standard PC (Q35 + ICH9, 2009)\0q35\0R-7\0\0',
    );
  });

  test('holds a uuid that follows from the names of the VM where none is given', () => {
    const table = Buffer.from(systemTable(vm, aSpec()));
    const last = stableUuid(vm).replaceAll('-', '').slice(16);
    expect(table.subarray(16, 24).toString('hex')).toBe(last);
  });

  test('names no serial number where there is none', () => {
    const table = systemTable(vm, aSpec({ machineType: 'pc-i440fx-7.2' }));
    expect(table[7]).toBe(0);
    expect(text(table.subarray(27))).toBe(
      'QEMU\0Standard PC (i440FX + PIIX, 1996)\0pc-i440fx-7.2\0\0',
    );
  });
});
