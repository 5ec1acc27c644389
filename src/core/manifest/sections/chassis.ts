/** `domain.chassis`: how the machine's case names itself in SMBIOS. */
import type { InstanceSpec } from '../../model/virtual-machine.ts';
import { type Found, text, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import { checkSmbiosText } from './bootloader.ts';

const TEXT = text(checkSmbiosText);

export const CHASSIS = object({
  type: 'Chassis',
  fields: { manufacturer: TEXT, version: TEXT, serial: TEXT, asset: TEXT, sku: TEXT },
});

export function resolveChassis(
  chassis: Found<ValueOf<typeof CHASSIS>> | undefined,
): InstanceSpec['chassis'] {
  if (chassis === undefined) return undefined;
  const given = Object.entries(chassis.value.get).map(([name, found]) => [name, found.value]);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
