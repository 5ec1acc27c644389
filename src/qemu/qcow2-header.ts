/**
 * What the header of a qcow2 image says about other files (QEMU docs/interop/qcow2.txt). Pure; never throws, whatever
 * the bytes are.
 */

/** `QFI\xfb` */
export const QCOW2_MAGIC = 0x514649fb;
const V2_HEADER_BYTES = 72;
const BACKING_OFFSET_AT = 8;
const BACKING_SIZE_AT = 16;
/** QEMU takes no longer name. */
const MAX_NAME_BYTES = 1023;
const INCOMPATIBLE_AT = 72;
const EXTERNAL_DATA_BIT = 1n << 2n;

export interface Qcow2References {
  /** Name of the image below, as it stands there. */
  readonly backing?: string;
  /** The contents lie in another file. */
  readonly externalData: boolean;
}

/** @param head the beginning of the file; undefined when it is no qcow2, or is cut short */
export function qcow2References(head: Buffer): Qcow2References | undefined {
  if (head.length < V2_HEADER_BYTES || head.readUInt32BE(0) !== QCOW2_MAGIC) return undefined;
  const hasFeatures = head.readUInt32BE(4) >= 3 && head.length >= INCOMPATIBLE_AT + 8;
  const features = hasFeatures ? head.readBigUInt64BE(INCOMPATIBLE_AT) : 0n;
  const externalData = (features & EXTERNAL_DATA_BIT) !== 0n;
  const offset = head.readBigUInt64BE(BACKING_OFFSET_AT);
  const size = head.readUInt32BE(BACKING_SIZE_AT);
  if (offset === 0n || size === 0) return { externalData };
  const end = offset + BigInt(size);
  if (size > MAX_NAME_BYTES || end > BigInt(head.length)) return undefined;
  return { externalData, backing: head.toString('utf8', Number(offset), Number(end)) };
}
