/** Which firmware is taken of those that descriptors tell of. The descriptors are those of Debian's ovmf, shortened. */
import { describe, expect, test } from 'vitest';
import {
  chooseFirmware,
  type FlashFirmware,
  firmwareWish,
  parseDescriptor,
} from '../../../../src/core/firmware/descriptor.ts';

const PLAIN = {
  'interface-types': ['uefi'],
  mapping: {
    device: 'flash',
    executable: { filename: '/fw/CODE.fd', format: 'raw' },
    'nvram-template': { filename: '/fw/VARS.fd', format: 'raw' },
  },
  targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*', 'pc-q35-*'] }],
  features: ['acpi-s3', 'verbose-dynamic'],
};
const Q35 = [{ architecture: 'x86_64', machines: ['pc-q35-*'] }];
const EMPTY_KEYS = { ...PLAIN, targets: Q35, features: ['requires-smm', 'secure-boot'] };
const ENROLLED = { ...EMPTY_KEYS, features: [...EMPTY_KEYS.features, 'enrolled-keys'] };

function parsed(descriptor: object): FlashFirmware {
  const firmware = parseDescriptor(JSON.stringify(descriptor));
  if (firmware === undefined) throw new Error('no firmware');
  return firmware;
}

const KNOWN = [ENROLLED, EMPTY_KEYS, PLAIN].map(parsed);

function chosen(machineType: string, secureBoot: boolean): number {
  const efi = { kind: 'efi', secureBoot, persistent: false } as const;
  const found = chooseFirmware(KNOWN, firmwareWish(efi, { machineType }));
  return found === undefined ? -1 : KNOWN.indexOf(found);
}

describe('of three firmwares', () => {
  test.for([
    ['q35', true, 0],
    ['pc-q35-7.2', true, 0],
    ['q35', false, 2],
    ['pc', false, 2],
    ['pc-i440fx-7.2', false, 2],
    ['pc', true, -1],
    ['virt', false, -1],
  ] as const)('for %s with secure boot %s it is number %i', ([machine, secure, number]) => {
    expect(chosen(machine, secure)).toBe(number);
  });

  test('none suits another architecture', () => {
    const wish = { architecture: 'aarch64', machineType: 'q35', secureBoot: false };
    expect(chooseFirmware(KNOWN, wish)).toBeUndefined();
  });
});

test.for([
  ['a BIOS', { ...PLAIN, 'interface-types': ['bios'] }],
  [
    'one file for code and variables',
    { ...PLAIN, mapping: { ...PLAIN.mapping, mode: 'combined' } },
  ],
  ['no variables', { ...PLAIN, mapping: { ...PLAIN.mapping, 'nvram-template': undefined } }],
  ['memory instead of flash', { ...PLAIN, mapping: { device: 'memory', filename: '/fw/A' } }],
  [
    'a path that is none',
    { ...PLAIN, mapping: { ...PLAIN.mapping, executable: { filename: 'CODE', format: 'raw' } } },
  ],
  [
    'another format',
    { ...PLAIN, mapping: { ...PLAIN.mapping, executable: { filename: '/C', format: 'vmdk' } } },
  ],
  ['nothing', {}],
] as const)('a descriptor of %s is passed over', ([, descriptor]) => {
  expect(parseDescriptor(JSON.stringify(descriptor))).toBeUndefined();
});

test.for(['[]', 'null', '"uefi"', '{"targets": [3], "mapping": []}'])(
  'a descriptor that is no descriptor is passed over: %s',
  (text) => expect(parseDescriptor(text)).toBeUndefined(),
);
