/**
 * solovirt's own settings: annotations, so that a manifest stays valid for a KubeVirt cluster. They may
 * stand on the VM or on its template; the template's wins.
 */

import { quoted } from '../field-path.ts';
import type { Found } from '../fields.ts';
import type { Report } from '../report.ts';
import { didYouMean } from '../suggest.ts';
import type { TextMap } from './metadata.ts';

const PREFIX = 'solovirt.io/';

export const KERNEL = `${PREFIX}kernel`;
export const INITRD = `${PREFIX}initrd`;
export const KERNEL_ARGS = `${PREFIX}kernel-args`;
export const HOST_PORTS = `${PREFIX}host-ports`;
export const HOST_DIRECTORIES = `${PREFIX}host-directories`;
export const PANIC_DEVICE = `${PREFIX}panic-device`;
export const PANIC_DUMPS = `${PREFIX}panic-dumps`;
export const START_AFTER = `${PREFIX}start-after`;
export const START_DELAY = `${PREFIX}start-delay`;
export const MEMORY_MAX = `${PREFIX}memory-max`;
export const CPU_QUOTA = `${PREFIX}cpu-quota`;
export const CPU_WEIGHT = `${PREFIX}cpu-weight`;
export const IO_WEIGHT = `${PREFIX}io-weight`;

/** Every annotation that solovirt reads. */
export const ANNOTATIONS: readonly string[] = [
  KERNEL,
  INITRD,
  KERNEL_ARGS,
  HOST_PORTS,
  HOST_DIRECTORIES,
  PANIC_DEVICE,
  PANIC_DUMPS,
  START_AFTER,
  START_DELAY,
  MEMORY_MAX,
  CPU_QUOTA,
  CPU_WEIGHT,
  IO_WEIGHT,
];

/** The annotations that are solovirt's, under their full names. */
export type HostSettings = TextMap;

export function hostSettings(
  vm: Found<TextMap> | undefined,
  template: Found<TextMap> | undefined,
  report: Report,
): HostSettings {
  const settings = new Map<string, Found<string>>();
  for (const [name, found] of [...(vm?.value ?? []), ...(template?.value ?? [])]) {
    if (!name.startsWith(PREFIX)) continue;
    if (ANNOTATIONS.includes(name)) settings.set(name, found);
    else {
      const place = { path: found.path, offset: found.keyOffset };
      const hint = didYouMean(name, ANNOTATIONS);
      report.warning(
        'unknown-annotation',
        place,
        `solovirt has no annotation ${quoted(name)}${hint}`,
      );
    }
  }
  return settings;
}
