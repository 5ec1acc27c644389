/**
 * RAM of the guest: `memory.guest`, else the memory request, else the memory limit, else 512 MiB.
 */
import { type Found, oneOf, quantity, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import { bytesRoundedUp, type NanoQuantity } from '../quantity.ts';
import type { Report } from '../report.ts';
import type { ResourceAmount } from './resources.ts';

const MIB = 1024n * 1024n;
const MAX_BYTES = 16n * MIB * MIB;
/** KubeVirt has none; this is what `virtctl create vm` writes. */
export const DEFAULT_MEMORY_BYTES = 512 * 1024 * 1024;

const PAGE_BYTES = { '2Mi': 2 * 1024 * 1024, '1Gi': 1024 * 1024 * 1024 } as const;

export const MEMORY = object({
  type: 'Memory',
  fields: {
    guest: quantity,
    hugepages: object({
      type: 'Hugepages',
      fields: { pageSize: oneOf(['2Mi', '1Gi']) },
      required: ['pageSize'],
    }),
  },
});

/** Size of a page in bytes; undefined for ordinary pages. */
export function resolveHugepages(
  memory: Found<ValueOf<typeof MEMORY>> | undefined,
  memoryBytes: number,
  report: Report,
): number | undefined {
  const size = memory?.value.get.hugepages?.value.get.pageSize;
  if (size === undefined) return undefined;
  const bytes = PAGE_BYTES[size.value];
  if (memoryBytes % bytes !== 0)
    report.error(
      'invalid-value',
      size,
      `the guest's memory, ${memoryBytes / 2 ** 20}Mi, is no multiple of pages of ${size.value}`,
    );
  return bytes;
}

/** Bytes, a multiple of 1 MiB. */
export function resolveMemory(
  memory: Found<ValueOf<typeof MEMORY>> | undefined,
  resources: ResourceAmount,
  report: Report,
): number {
  const guest = memory?.value.get.guest;
  const { request, limit } = resources;
  if (guest && limit && guest.value > limit.value)
    report.error('invalid-value', guest, `the guest's memory is larger than ${limit.path}`);
  const chosen = guest ?? request ?? limit;
  return chosen === undefined ? DEFAULT_MEMORY_BYTES : wholeMebibytes(chosen, report);
}

function wholeMebibytes(found: Found<NanoQuantity>, report: Report): number {
  const bytes = found.value > 0n ? bytesRoundedUp(found.value, MIB) : 0n;
  if (bytes > 0n && bytes <= MAX_BYTES) return Number(bytes);
  report.error('out-of-range', found, 'the memory of a guest is 1Mi to 16Ti');
  return DEFAULT_MEMORY_BYTES;
}
