/** A ConfigMap or a Secret as a disk: one file for each key, as KubeVirt makes it (`pkg/config`). */
import { writeIso9660 } from './iso9660.ts';
import { MAX_NAME_BYTES } from './iso9660-names.ts';

/** KubeVirt's label where the volume says none. */
export const DEFAULT_LABEL = 'cfgdata';

export const MAX_OBJECT_KEY_BYTES = MAX_NAME_BYTES;

/** The image of the disk. @param values by key, of at most MAX_OBJECT_KEY_BYTES each */
export function objectDisk(label: string, values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const keys = [...values].map(([path, bytes]) => ({ path, bytes }));
  return writeIso9660(
    label,
    keys.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  );
}
