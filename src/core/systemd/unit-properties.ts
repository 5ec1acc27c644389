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
  const quota = cpuNano === undefined ? '' : `${Math.max(1, Math.ceil(cpuNano / PERCENT_NANO))}%`;
  return [
    `MemoryMax=${memoryBytes ?? 'infinity'}`,
    `CPUQuota=${quota}`,
    `CPUWeight=${cpuWeight ?? ''}`,
    `IOWeight=${ioWeight ?? ''}`,
  ];
}
