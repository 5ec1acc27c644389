/**
 * A VM's limits as properties of its systemd unit (systemd.resource-control(5)). What is not limited is said too: a
 * property that was once set stays in force.
 */
import type { Limits } from '../model/virtual-machine.ts';

/** A hundredth of one CPU in billionths. */
const PERCENT_NANO = 1e7;

/** Arguments of `systemctl set-property`, which resets what has no value. */
export function unitProperties(limits: Limits = {}): readonly string[] {
  const { memoryBytes, cpuNano, cpuWeight, ioWeight } = limits;
  return [
    `MemoryMax=${memoryBytes ?? 'infinity'}`,
    cpuQuota(cpuNano),
    `CPUWeight=${cpuWeight ?? ''}`,
    `IOWeight=${ioWeight ?? ''}`,
  ];
}

/** The same for the processor time alone; undefined is no limit. */
export function cpuQuota(cpuNano: number | undefined): string {
  if (cpuNano === undefined) return 'CPUQuota=';
  return `CPUQuota=${Math.max(1, Math.ceil(cpuNano / PERCENT_NANO))}%`;
}
