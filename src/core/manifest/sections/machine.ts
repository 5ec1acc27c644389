/**
 * `domain.machine.type`: q35 or pc, and `domain.features`.
 */

import { quoted } from '../field-path.ts';
import { type Found, flag, only, type Refusal, text, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { didYouMean } from '../suggest.ts';

export const DEFAULT_MACHINE = 'q35';

export const MACHINE = object({
  type: 'Machine',
  fields: { type: text(checkMachine, { mayBeEmpty: true }) },
});

const FEATURE_STATE = object({ type: 'FeatureState', fields: { enabled: flag } });

export const FEATURES = object({
  type: 'Features',
  fields: {
    acpi: FEATURE_STATE,
    apic: object({
      type: 'FeatureAPIC',
      fields: { enabled: only(true), endOfInterrupt: flag },
    }),
    kvm: object({ type: 'FeatureKVM', fields: { hidden: flag } }),
    pvspinlock: FEATURE_STATE,
    smm: FEATURE_STATE,
  },
  marks: ['acpi', 'apic', 'kvm', 'pvspinlock', 'smm'],
});

const EXPECTED =
  'expected q35, pc, on arm64 virt, or a version of one, such as pc-q35-7.2 or pc-i440fx-7.2';
const OF_ARM64 = /^virt(?:-\d{1,3}(?:\.\d{1,3}){1,2})?$/;

function checkMachine(type: string): Refusal | undefined {
  if (OF_ARM64.test(type)) return undefined;
  if (type === '' || /^(?:q35|pc|pc-(?:q35|i440fx)-\d{1,3}(?:\.\d{1,3}){1,2})$/.test(type))
    return undefined;
  if (type === 'microvm')
    return {
      code: 'unsupported-value',
      message: `microvm is not supported: guests hang at boot on it without KVM, and it has no PCI bus for a panic device; ${EXPECTED}`,
    };
  return `${quoted(type)} is not a machine type of this version; ${EXPECTED}${didYouMean(type, ['q35', 'pc', 'virt'])}`;
}

export function resolveMachineType(
  machine: Found<ValueOf<typeof MACHINE>> | undefined,
  architecture: 'arm64' | undefined,
  report: Report,
): string {
  const found = machine?.value.get.type;
  if (found === undefined || found.value === '')
    return architecture === 'arm64' ? 'virt' : DEFAULT_MACHINE;
  if (OF_ARM64.test(found.value) !== (architecture === 'arm64'))
    report.error(
      'impossible-machine',
      found,
      `${quoted(found.value)} is no machine of the architecture ${architecture ?? 'amd64'}`,
    );
  return found.value;
}

/** Undefined: as the machine type has it. A feature that is named is on unless it says otherwise, as in KubeVirt. */
export function resolveSmm(
  features: Found<ValueOf<typeof FEATURES>> | undefined,
): boolean | undefined {
  const smm = features?.value.get.smm;
  return smm && (smm.value.get.enabled?.value ?? true);
}

/** What the features ask of the CPU, by QEMU's names (`target/i386/cpu.c`). */
export function cpuFeaturesOf(
  features: Found<ValueOf<typeof FEATURES>> | undefined,
): Readonly<Record<string, boolean | undefined>> {
  const { apic, kvm, pvspinlock } = features?.value.get ?? {};
  const hidden = kvm?.value.get.hidden?.value;
  return {
    kvm: hidden === true ? false : undefined,
    'kvm-pv-eoi': apic?.value.get.endOfInterrupt?.value,
    'kvm-pv-unhalt': pvspinlock && (pvspinlock.value.get.enabled?.value ?? true),
  };
}

/** On unless turned off, as in KubeVirt. */
export function resolveAcpi(features: Found<ValueOf<typeof FEATURES>> | undefined): boolean {
  return features?.value.get.acpi?.value.get.enabled?.value ?? true;
}
