/** Every metric: a row each, in the order of the page that tells of them (docs/metrics.md). */
import type { Family } from './metric-family.ts';
import { GUEST_FAMILIES } from './metrics-guest.ts';
import { DAEMON_FAMILIES, PROCESS_FAMILIES, VM_FAMILIES } from './metrics-own.ts';

export const METRICS: readonly Family[] = [
  ...VM_FAMILIES,
  ...GUEST_FAMILIES,
  ...DAEMON_FAMILIES,
  ...PROCESS_FAMILIES,
];
