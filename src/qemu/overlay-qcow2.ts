/**
 * The bytes of an empty qcow2 image, with or without a backing file (QEMU docs/interop/qcow2.txt, version 3).
 * Four clusters: header, refcount table, one refcount block, L1 table. Written directly because starting
 * `qemu-img` takes ten times as long, half of what QEMU itself needs.
 */
import type { ImageFormat } from '../core/qemu-args/input.ts';

const CLUSTER_BITS = 16;
const CLUSTER = 1 << CLUSTER_BITS;
const HEADER_BYTES = 104;
/** One L1 entry covers a whole L2 table: 8192 clusters. */
const BYTES_PER_L1_ENTRY = (CLUSTER / 8) * CLUSTER;
const BACKING_FORMAT_EXTENSION = 0xe2792aca;
const REFCOUNT_ORDER_16_BITS = 4;
/** Header, refcount table and refcount block come before the L1 table. */
const L1_CLUSTER = 3;

/** The format's own limit (`block/qcow2.h`, QCOW_MAX_L1_SIZE: 32 MiB of L1 table). */
export const QCOW2_MAX_BYTES = ((32 * 1024 * 1024) / 8) * BYTES_PER_L1_ENTRY;
/** The format's own limit for the name of a backing file. */
export const QCOW2_MAX_BACKING_NAME_BYTES = 1023;

export interface Qcow2Contents {
  /** Size of the disk in bytes: a multiple of 512, at most QCOW2_MAX_BYTES. */
  readonly sizeBytes: number;
  /** Absolute path, at most QCOW2_MAX_BACKING_NAME_BYTES long: QEMU reads protocols in others. */
  readonly backing?: { readonly path: string; readonly format: ImageFormat };
}

/** All that is not zero in the file, and the length of the whole. */
export interface SparseFile {
  readonly pieces: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  readonly length: number;
}

export function emptyQcow2(contents: Qcow2Contents): SparseFile {
  const l1Entries = Math.ceil(contents.sizeBytes / BYTES_PER_L1_ENTRY);
  const clusters = L1_CLUSTER + Math.ceil((l1Entries * 8) / CLUSTER);
  const refcountTable = Buffer.alloc(8);
  refcountTable.writeBigUInt64BE(BigInt(2 * CLUSTER));
  const refcounts = Buffer.alloc(clusters * 2);
  for (let cluster = 0; cluster < clusters; cluster += 1) refcounts.writeUInt16BE(1, cluster * 2);
  return {
    pieces: [
      { at: 0, bytes: header(contents, l1Entries) },
      { at: CLUSTER, bytes: refcountTable },
      { at: 2 * CLUSTER, bytes: refcounts },
    ],
    length: clusters * CLUSTER,
  };
}

function header({ sizeBytes, backing }: Qcow2Contents, l1Entries: number): Buffer {
  const name = Buffer.from(backing?.path ?? '');
  const extensions = headerExtensions(backing?.format);
  const fixed = Buffer.alloc(HEADER_BYTES);
  fixed.write('QFI\xfb', 0, 'latin1');
  fixed.writeUInt32BE(3, 4);
  if (backing !== undefined) {
    fixed.writeBigUInt64BE(BigInt(HEADER_BYTES + extensions.length), 8);
    fixed.writeUInt32BE(name.length, 16);
  }
  fixed.writeUInt32BE(CLUSTER_BITS, 20);
  fixed.writeBigUInt64BE(BigInt(sizeBytes), 24);
  fixed.writeUInt32BE(l1Entries, 36);
  fixed.writeBigUInt64BE(BigInt(L1_CLUSTER * CLUSTER), 40);
  fixed.writeBigUInt64BE(BigInt(CLUSTER), 48);
  fixed.writeUInt32BE(1, 56);
  fixed.writeUInt32BE(REFCOUNT_ORDER_16_BITS, 96);
  fixed.writeUInt32BE(HEADER_BYTES, 100);
  return Buffer.concat([fixed, extensions, name]);
}

/** Each is a type, a length and the data up to a multiple of 8; zeros end the list. */
function headerExtensions(format: ImageFormat | undefined): Buffer {
  const end = Buffer.alloc(8);
  if (format === undefined) return end;
  const extension = Buffer.alloc(16);
  extension.writeUInt32BE(BACKING_FORMAT_EXTENSION, 0);
  extension.writeUInt32BE(format.length, 4);
  extension.write(format, 8);
  return Buffer.concat([extension, end]);
}
