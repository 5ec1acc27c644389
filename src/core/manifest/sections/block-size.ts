/** `disks[].blockSize`: the sizes of blocks that the guest is told. The limits are KubeVirt's and QEMU's. */
import type { BlockSize, DiskBus } from '../../model/storage.ts';
import { type Found, integer, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';

const MOST = 2 * 1024 * 1024;

const SIZE = integer(512, MOST);

export const BLOCK_SIZE = object({
  type: 'BlockSize',
  fields: {
    custom: object({
      type: 'CustomBlockSize',
      fields: { logical: SIZE, physical: SIZE, discardGranularity: integer(512, 2 ** 31) },
      required: ['logical', 'physical'],
    }),
  },
  required: ['custom'],
});

/** Undefined when the guest is told nothing in particular, or something is wrong, which is then reported. */
export function resolveBlockSize(
  blockSize: Found<ValueOf<typeof BLOCK_SIZE>> | undefined,
  bus: DiskBus | undefined,
  report: Report,
): BlockSize | undefined {
  const { logical, physical, discardGranularity } = blockSize?.value.get.custom?.value.get ?? {};
  if (logical === undefined || physical === undefined) return undefined;
  for (const size of [logical, physical])
    if (!Number.isInteger(Math.log2(size.value)))
      report.error('invalid-value', size, `${size.value} is no power of two`);
  if (logical.value > physical.value)
    report.error('invalid-value', logical, 'a logical block is no larger than a physical one');
  if (discardGranularity && discardGranularity.value % logical.value !== 0)
    report.error(
      'invalid-value',
      discardGranularity,
      'a multiple of the logical block is expected',
    );
  if (bus === 'sata' && logical.value !== 512)
    report.error(
      'unsupported-value',
      logical,
      'on sata, which is the default bus, blocks have 512 bytes',
    );
  return {
    logical: logical.value,
    physical: physical.value,
    ...(discardGranularity && { discardGranularity: discardGranularity.value }),
  };
}
