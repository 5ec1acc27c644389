/** Whether an answer is what the contract says of statistics, as far as the client relies on it. */
import type { VmStatsList } from '../api/contract-stats.ts';

export function isVmStatsList(value: unknown): value is VmStatsList {
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  return kind === 'VirtualMachineStatsList' && Array.isArray(items) && items.every(isStats);
}

function isStats(value: unknown): boolean {
  const { metadata, timestamp } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const { name, namespace } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof namespace === 'string' && typeof timestamp === 'string';
}
