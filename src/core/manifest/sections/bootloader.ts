/**
 * What the machine begins with: `firmware.bootloader`, the identity that its SMBIOS shows, and what secure boot needs of
 * the board. Rules and defaults are KubeVirt's.
 */
import type { Bootloader, SystemIdentity } from '../../model/machine.ts';
import type { InstanceSpec } from '../../model/virtual-machine.ts';
import { fieldPath, quoted } from '../field-path.ts';
import { type Found, flag, text, type ValueOf } from '../fields.ts';
import { hasControlCharacter } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';

/** What DMI tools show of a serial number; SMBIOS itself knows no limit. */
const MAX_SERIAL = 256;
const UUID = {
  expression: /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/,
  rule: 'a UUID such as 5d307ca9-b3ef-428c-8861-06e72d69f223',
};

const BIOS = object({ type: 'BIOS', fields: { useSerial: flag } });
const EFI = object({ type: 'EFI', fields: { secureBoot: flag, persistent: flag } });

export const BOOTLOADER = object({
  type: 'Bootloader',
  fields: { bios: BIOS, efi: EFI },
  marks: ['bios', 'efi'],
});

/** Fields of `firmware` that tell the machine's identity. */
export const IDENTITY_FIELDS = {
  uuid: text(checkUuid, { pattern: UUID }),
  serial: text(checkSmbiosText),
};

function checkUuid(uuid: string): string | undefined {
  return UUID.expression.test(uuid) ? undefined : `${quoted(uuid)} is not ${UUID.rule}`;
}

/** Texts of SMBIOS tables end with a NUL. */
export function checkSmbiosText(value: string): string | undefined {
  if (hasControlCharacter(value)) return 'stands on one line, without control characters';
  return value.length > MAX_SERIAL ? `has at most ${MAX_SERIAL} characters` : undefined;
}

export interface Board {
  readonly machineType: string;
  readonly smm: boolean | undefined;
  readonly architecture: InstanceSpec['architecture'];
}

/** There is no BIOS for it (KubeVirt `setDefaultArm64Bootloader`). */
const OF_ARM64: Bootloader = { kind: 'efi', secureBoot: false, persistent: false };

/** Undefined: a BIOS without any wishes. */
export function resolveBootloader(
  found: Found<ValueOf<typeof BOOTLOADER>> | undefined,
  board: Board,
  report: Report,
): Bootloader | undefined {
  const { bios, efi } = found?.value.get ?? {};
  if (board.architecture === 'arm64' && !efi) {
    if (bios)
      report.error('impossible-machine', bios, 'there is no BIOS for arm64; leave bios out');
    return OF_ARM64;
  }
  if (bios && efi) {
    report.error('mutually-exclusive', efi, `${bios.path} is there too; keep one of the two`);
    return undefined;
  }
  if (efi !== undefined) return resolveEfi(efi, board, report);
  return bios && { kind: 'bios', useSerial: bios.value.get.useSerial?.value ?? false };
}

function resolveEfi(
  found: Found<ValueOf<typeof EFI>>,
  { machineType, smm, architecture }: Board,
  report: Report,
): Bootloader {
  const { secureBoot, persistent } = found.value.get;
  const secure = secureBoot?.value ?? true;
  const place = { path: fieldPath(found.path, 'secureBoot'), offset: (secureBoot ?? found).offset };
  if (secure && architecture === 'arm64')
    report.error(
      'impossible-machine',
      place,
      'secure boot, which is the default with efi, is not there for arm64, as in KubeVirt; write "secureBoot: false"',
    );
  else if (secure && !machineType.includes('q35'))
    report.error(
      'impossible-machine',
      place,
      `secure boot, which is the default with efi, needs the machine type q35; write "secureBoot: false", or leave machine.type out`,
    );
  else if (secure && smm !== true)
    report.error(
      'required',
      place,
      'secure boot, which is the default with efi, needs System Management Mode: add "features: {smm: {}}" to the domain, or write "secureBoot: false"',
    );
  return { kind: 'efi', secureBoot: secure, persistent: persistent?.value ?? false };
}

export function resolveSystem(
  uuid: Found<string> | undefined,
  serial: Found<string> | undefined,
): Pick<InstanceSpec, 'system'> {
  const system: SystemIdentity = {
    ...(uuid && { uuid: uuid.value.toLowerCase() }),
    ...(serial && { serial: serial.value }),
  };
  return Object.keys(system).length === 0 ? {} : { system };
}
