/** `devices.tpm`: a TPM 2.0, there unless `enabled` is false. */
import type { TpmSpec } from '../../model/machine.ts';
import { type Found, flag, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';

export const TPM = object({ type: 'TPMDevice', fields: { enabled: flag, persistent: flag } });

export function resolveTpm(tpm: Found<ValueOf<typeof TPM>> | undefined): TpmSpec | undefined {
  const { enabled, persistent } = tpm?.value.get ?? {};
  if (tpm === undefined || enabled?.value === false) return undefined;
  return { persistent: persistent?.value ?? false };
}
