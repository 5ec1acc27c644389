/** What of `domain` makes the board: machine type, features, firmware, clock, and how the machine names itself. */
import type { CpuFeature } from '../../model/machine.ts';
import type { InstanceSpec } from '../../model/virtual-machine.ts';
import type { Found, ValueOf } from '../fields.ts';
import type { Report } from '../report.ts';
import { resolveBootloader, resolveSystem } from './bootloader.ts';
import { type CHASSIS, resolveChassis } from './chassis.ts';
import { type CLOCK, resolveClock, wantsKvmClock } from './clock.ts';
import type { CPU } from './cpu.ts';
import { resolveCpuFeatures } from './cpu-features.ts';
import type { FIRMWARE } from './firmware.ts';
import {
  cpuFeaturesOf,
  type FEATURES,
  type MACHINE,
  resolveAcpi,
  resolveMachineType,
  resolveSmm,
} from './machine.ts';

export interface BoardFields {
  readonly machine?: Found<ValueOf<typeof MACHINE>>;
  readonly firmware?: Found<ValueOf<typeof FIRMWARE>>;
  readonly features?: Found<ValueOf<typeof FEATURES>>;
  readonly clock?: Found<ValueOf<typeof CLOCK>>;
  readonly chassis?: Found<ValueOf<typeof CHASSIS>>;
  readonly cpu?: Found<ValueOf<typeof CPU>>;
}

type Board = Pick<
  InstanceSpec,
  'machineType' | 'acpi' | 'smm' | 'bootloader' | 'system' | 'clock' | 'chassis'
>;

export function resolveBoard(
  fields: BoardFields,
  architecture: InstanceSpec['architecture'],
  report: Report,
): Board {
  const { machine, firmware, features } = fields;
  const machineType = resolveMachineType(machine, architecture, report);
  const smm = resolveSmm(features);
  const { bootloader: boots, uuid, serial } = firmware?.value.get ?? {};
  const bootloader = resolveBootloader(boots, { machineType, smm, architecture }, report);
  const clock = resolveClock(fields.clock, report);
  const chassis = resolveChassis(fields.chassis);
  return {
    machineType,
    acpi: resolveAcpi(features),
    ...(smm !== undefined && { smm }),
    ...(bootloader && { bootloader }),
    ...resolveSystem(uuid, serial),
    ...(clock && { clock }),
    ...(chassis && { chassis }),
  };
}

/** What the board's features, its clock and `cpu.features` ask of the CPU; nothing where nobody asks. */
export function resolveFeaturesOfCpu(
  { features, clock, cpu }: BoardFields,
  report: Report,
): { readonly features?: readonly CpuFeature[] } {
  const others = { ...cpuFeaturesOf(features), kvmclock: wantsKvmClock(clock) };
  const found = resolveCpuFeatures(cpu?.value.get.features?.value ?? [], others, report);
  return found.length === 0 ? {} : { features: found };
}
