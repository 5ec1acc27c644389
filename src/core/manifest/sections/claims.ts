/**
 * Volumes that outlive the instance: `persistentVolumeClaim`, `dataVolume`, and `ephemeral` over a claim.
 */
import type { DiskSource } from '../../model/storage.ts';
import { type Found, flag, only, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { OBJECT_NAME } from './object-volumes.ts';

export const CLAIM_VOLUME = object({
  type: 'PersistentVolumeClaimVolumeSource',
  fields: { claimName: OBJECT_NAME, hotpluggable: only(false), readOnly: flag },
  required: ['claimName'],
});

export const DATA_VOLUME = object({
  type: 'DataVolumeSource',
  fields: { name: OBJECT_NAME, hotpluggable: only(false) },
  required: ['name'],
});

export const EPHEMERAL_VOLUME = object({
  type: 'EphemeralVolumeSource',
  fields: {
    persistentVolumeClaim: object({
      type: 'CorePersistentVolumeClaimVolumeSource',
      // What is below an overlay is only read anyway.
      fields: { claimName: OBJECT_NAME, readOnly: flag },
      required: ['claimName'],
    }),
  },
  required: ['persistentVolumeClaim'],
});

/** A cluster would take the claim away from the disk's writes, and tells the disk nothing of it. */
export function reportReadOnlyClaim(
  volumes: readonly Found<{ readonly get: Pick<Sources, 'persistentVolumeClaim'> }>[],
  report: Report,
): void {
  for (const { value } of volumes) {
    const readOnly = value.get.persistentVolumeClaim?.value.get.readOnly;
    if (readOnly?.value === true)
      report.error(
        'unsupported-value',
        readOnly,
        'a claim is read-only as a filesystem alone; for a disk write readonly: true at the disk',
      );
  }
}

interface Sources {
  readonly persistentVolumeClaim?: Found<ValueOf<typeof CLAIM_VOLUME>>;
  readonly dataVolume?: Found<ValueOf<typeof DATA_VOLUME>>;
  readonly ephemeral?: Found<ValueOf<typeof EPHEMERAL_VOLUME>>;
}

/** A data volume and its claim have one name. Undefined when there is none, or no valid name. */
export function resolveClaim(sources: Sources): DiskSource | undefined {
  const { persistentVolumeClaim, dataVolume, ephemeral } = sources;
  const base = ephemeral?.value.get.persistentVolumeClaim;
  const name =
    persistentVolumeClaim?.value.get.claimName ??
    dataVolume?.value.get.name ??
    base?.value.get.claimName;
  return name && { kind: 'claim', claim: name.value, ephemeral: ephemeral !== undefined };
}
