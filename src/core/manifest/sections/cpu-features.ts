/**
 * What the CPU is to have besides its model or is not to have: `cpu.features`, and what KubeVirt says elsewhere of KVM's own
 * features. The names are QEMU's, which are libvirt's but for a few.
 */
import type { CpuFeature } from '../../model/machine.ts';
import { quoted } from '../field-path.ts';
import { type Found, oneOf, text, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { reportDuplicateNames } from './named-items.ts';

export const CPU_FEATURE = object({
  type: 'CPUFeature',
  fields: {
    name: text(checkName),
    policy: oneOf(['force', 'require', 'optional', 'disable', 'forbid']),
  },
  required: ['name'],
});

function checkName(name: string): string | undefined {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)
    ? undefined
    : `${quoted(name)} is not a CPU feature such as vmx or sse4.2`;
}

const OFF: readonly string[] = ['disable', 'forbid'];

/** @param others what other fields ask of the CPU, by feature; they lose against a feature that is named */
export function resolveCpuFeatures(
  features: readonly Found<ValueOf<typeof CPU_FEATURE>>[],
  others: Readonly<Record<string, boolean | undefined>>,
  report: Report,
): readonly CpuFeature[] {
  reportDuplicateNames(features, report);
  const named = features.flatMap(({ value: { get } }) =>
    get.name ? [{ name: get.name.value, on: !OFF.includes(get.policy?.value ?? 'require') }] : [],
  );
  const asked = Object.entries(others).flatMap(([name, on]) =>
    on === undefined || named.some((feature) => feature.name === name) ? [] : [{ name, on }],
  );
  return [...asked, ...named];
}
