/**
 * What QEMU as a whole may take of the host: `resources.limits`, and annotations that say it directly and win.
 */
import type { Limits } from '../../model/virtual-machine.ts';
import { memoryOverhead } from '../../qemu-args/memory-overhead.ts';
import { quoted } from '../field-path.ts';
import type { Found } from '../fields.ts';
import { type NanoQuantity, parseQuantity, suggestQuantity, wholeUnits } from '../quantity.ts';
import type { Report } from '../report.ts';
import { CPU_QUOTA, CPU_WEIGHT, type HostSettings, IO_WEIGHT, MEMORY_MAX } from './annotations.ts';

type Machine = Parameters<typeof memoryOverhead>[0];

export interface LimitFields {
  readonly memory?: Found<NanoQuantity> | undefined;
  readonly cpu?: Found<NanoQuantity> | undefined;
}

/** The kernel gives no smaller share of a CPU than 1 ms in 100 (Kubernetes' least quota, too). */
const LEAST_CPU_NANO = 10_000_000n;
/** More than any host has, and less than systemd's largest quota (2^31 − 1 hundredths of a percent). */
const MOST_CPU_NANO = 2_000_000_000_000n;
const MAX_WEIGHT = 10_000;

/** @returns undefined when nothing is limited */
export function resolveLimits(
  limits: LimitFields,
  machine: Machine,
  settings: HostSettings,
  report: Report,
): Limits | undefined {
  const memoryBytes =
    readMemoryMax(settings.get(MEMORY_MAX), machine, report) ?? memoryLimit(limits.memory, machine);
  const cpuNano = readCpuQuota(settings.get(CPU_QUOTA), report) ?? cpuLimit(limits.cpu);
  const cpuWeight = readWeight(settings.get(CPU_WEIGHT), report);
  const ioWeight = readWeight(settings.get(IO_WEIGHT), report);
  const found: Limits = {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpuNano === undefined ? {} : { cpuNano }),
    ...(cpuWeight === undefined ? {} : { cpuWeight }),
    ...(ioWeight === undefined ? {} : { ioWeight }),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

/** The limit is about the guest; QEMU's own needs come on top, as in KubeVirt. */
function memoryLimit(limit: Found<NanoQuantity> | undefined, machine: Machine): number | undefined {
  if (limit === undefined) return undefined;
  const bytes = wholeUnits(limit.value) + BigInt(memoryOverhead(machine));
  return Number(smaller(bytes, BigInt(Number.MAX_SAFE_INTEGER)));
}

function cpuLimit(limit: Found<NanoQuantity> | undefined): number | undefined {
  if (limit === undefined) return undefined;
  return Number(smaller(larger(limit.value, LEAST_CPU_NANO), MOST_CPU_NANO));
}

/** Taken literally: whoever writes it knows what QEMU needs. */
function readMemoryMax(
  annotation: Found<string> | undefined,
  { memoryBytes }: Machine,
  report: Report,
): number | undefined {
  const value = readQuantity(annotation, '2Gi', report);
  if (annotation === undefined || value === undefined) return undefined;
  const bytes = wholeUnits(value);
  if (bytes >= BigInt(memoryBytes) && bytes <= BigInt(Number.MAX_SAFE_INTEGER))
    return Number(bytes);
  const message = `${quoted(annotation.value)} is out of range: QEMU needs at least the memory of its guest, ${memoryBytes / 2 ** 20}Mi, and some more for itself`;
  report.error('out-of-range', annotation, message);
  return undefined;
}

function readCpuQuota(annotation: Found<string> | undefined, report: Report): number | undefined {
  const value = readQuantity(annotation, '1.5 or 500m', report);
  if (annotation === undefined || value === undefined) return undefined;
  if (value >= LEAST_CPU_NANO && value <= MOST_CPU_NANO) return Number(value);
  const message = `${quoted(annotation.value)} is out of range, expected 10m (1 % of a CPU) to 2000 CPUs`;
  report.error('out-of-range', annotation, message);
  return undefined;
}

function readQuantity(
  annotation: Found<string> | undefined,
  example: string,
  report: Report,
): NanoQuantity | undefined {
  if (annotation === undefined) return undefined;
  const value = parseQuantity(annotation.value.trim());
  if (value !== undefined) return value;
  const meant = suggestQuantity(annotation.value);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  const message = `${quoted(annotation.value)} is not a quantity, expected one such as ${example}${hint}`;
  report.error('invalid-value', annotation, message);
  return undefined;
}

function readWeight(annotation: Found<string> | undefined, report: Report): number | undefined {
  if (annotation === undefined) return undefined;
  const text = annotation.value.trim();
  const weight = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (weight >= 1 && weight <= MAX_WEIGHT) return weight;
  const message = `${quoted(annotation.value)}: a weight is a whole number from 1 to ${MAX_WEIGHT}; 100 is what everything else has`;
  report.error('out-of-range', annotation, message);
  return undefined;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
