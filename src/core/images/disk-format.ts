/** Tells from its first bytes what a file is that is to become a disk. Pure; never throws, whatever the bytes are. */

/** So much of a file is looked at: the first descriptor of ISO 9660 lies at 32 KiB. */
export const HEAD_BYTES = 36 * 1024;

export type DiskKind =
  /** `ending` is what a file of this kind is called. Whatever has no mark is a raw disk. */
  | { readonly ok: true; readonly ending: 'qcow2' | 'img' | 'iso' }
  /** `what` goes on from "it is". */
  | { readonly ok: false; readonly what: string };

interface Mark {
  readonly at: number;
  readonly bytes: string;
  readonly what: string;
}

/** What is no disk for QEMU as it is, by how its files begin. */
const OTHERS: readonly Mark[] = [
  { at: 0, bytes: 'KDMV', what: 'a VMDK disk' },
  { at: 0, bytes: '# Disk DescriptorFile', what: 'the descriptor of a VMDK disk' },
  { at: 0, bytes: 'vhdxfile', what: 'a VHDX disk' },
  { at: 0, bytes: 'conectix', what: 'a VHD disk' },
  { at: 0, bytes: 'QED\0', what: 'a QED disk' },
  { at: 64, bytes: '\x7f\x10\xda\xbe', what: 'a VDI disk' },
  { at: 0, bytes: '\x1f\x8b', what: 'compressed with gzip' },
  { at: 0, bytes: 'BZh', what: 'compressed with bzip2' },
  { at: 0, bytes: '\xfd7zXZ\0', what: 'compressed with xz' },
  { at: 0, bytes: '\x28\xb5\x2f\xfd', what: 'compressed with zstd' },
  { at: 0, bytes: 'PK\x03\x04', what: 'a ZIP archive' },
  { at: 257, bytes: 'ustar', what: 'a tar archive' },
  { at: 0, bytes: '\x7fELF', what: 'a program' },
  { at: 0, bytes: '<!DOCTYPE', what: 'a web page' },
  { at: 0, bytes: '<html', what: 'a web page' },
];

const QCOW_MAGIC = 'QFI\xfb';
const ISO_MARK = { at: 32_769, bytes: 'CD001' };
const SECTOR_BYTES = 512;

/**
 * @param head the first `HEAD_BYTES` of the file, or all of it
 * @param bytes length of the file
 */
export function diskKind(head: Uint8Array, bytes: number): DiskKind {
  if (bytes === 0) return { ok: false, what: 'empty' };
  const other = OTHERS.find((mark) => begins(head, mark));
  if (other !== undefined) return { ok: false, what: other.what };
  if (bytes < SECTOR_BYTES) return { ok: false, what: `only ${bytes} bytes long` };
  if (begins(head, { at: 0, bytes: QCOW_MAGIC })) return qcowKind(head);
  return { ok: true, ending: begins(head, ISO_MARK) ? 'iso' : 'img' };
}

/** Versions 2 and 3 are called qcow2 (QEMU docs/interop/qcow2.txt). */
function qcowKind(head: Uint8Array): DiskKind {
  const version = new DataView(head.buffer, head.byteOffset).getUint32(4);
  return version === 2 || version === 3
    ? { ok: true, ending: 'qcow2' }
    : { ok: false, what: `a qcow disk of version ${version}` };
}

function begins(head: Uint8Array, { at, bytes }: Pick<Mark, 'at' | 'bytes'>): boolean {
  return (
    head.length >= at + bytes.length &&
    [...bytes].every((letter, index) => head[at + index] === letter.charCodeAt(0))
  );
}
