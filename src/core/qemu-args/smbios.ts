/**
 * What the guest's firmware says of the machine: SMBIOS tables (DMTF DSP0134). QEMU's own uuid is that of the instance,
 * by which its monitor is told from others; `-smbios type=1,uuid=` would change both, so the table of the system comes
 * as a whole, from a file.
 */
import type { InstanceSpec, VmIdentity } from '../model/virtual-machine.ts';
import { stableUuid } from '../seed/stable-uuid.ts';
import { listValue } from './encode.ts';

/** Table of type 1 in SMBIOS 2.4 and later, without its texts. */
const SYSTEM_TABLE_BYTES = 27;
/** Where QEMU puts it, too (`hw/smbios/smbios.c`, T1_BASE). */
const SYSTEM_HANDLE = 0x100;
const WOKEN_BY_POWER_SWITCH = 6;

type Machine = Pick<InstanceSpec, 'machineType' | 'system'>;

/** @param systemTableFile that with the table of the system; absent: QEMU's own */
export function smbiosArgs(
  { chassis }: Pick<InstanceSpec, 'chassis'>,
  systemTableFile: string | undefined,
): readonly string[] {
  const fields = Object.entries(chassis ?? {}).map(([name, text]) => `${name}=${listValue(text)}`);
  return [
    ...(systemTableFile === undefined ? [] : ['-smbios', `file=${listValue(systemTableFile)}`]),
    ...(fields.length === 0 ? [] : ['-smbios', ['type=3', ...fields].join(',')]),
  ];
}

/** The content of the file. */
export function systemTable(vm: VmIdentity, { machineType, system = {} }: Machine): Uint8Array {
  // QEMU's own words, by which guests know what they run on.
  const texts = ['QEMU', productOf(machineType), machineType, system.serial ?? ''];
  const present = texts.filter((text) => text !== '');
  const number = (text: string): number => present.indexOf(text) + 1;
  const head = new Uint8Array(SYSTEM_TABLE_BYTES);
  head.set([1, SYSTEM_TABLE_BYTES, SYSTEM_HANDLE & 0xff, SYSTEM_HANDLE >> 8]);
  head.set(texts.map(number), 4);
  head.set(uuidBytes(system.uuid ?? stableUuid(vm)), 8);
  head[24] = WOKEN_BY_POWER_SWITCH;
  const tail = new TextEncoder().encode(`${present.join('\0')}\0\0`);
  return Uint8Array.from([...head, ...tail]);
}

function productOf(machineType: string): string {
  if (machineType.startsWith('virt')) return 'QEMU Virtual Machine';
  return machineType.includes('q35')
    ? 'Standard PC (Q35 + ICH9, 2009)'
    : 'Standard PC (i440FX + PIIX, 1996)';
}

/** The first three fields are little-endian (SMBIOS 2.6, 7.2.1). */
function uuidBytes(uuid: string): readonly number[] {
  const bytes =
    uuid
      .replaceAll('-', '')
      .match(/../g)
      ?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  const swapped = [3, 2, 1, 0, 5, 4, 7, 6];
  return bytes.map((byte, index) => bytes[swapped[index] ?? index] ?? byte);
}
