/**
 * Looks at the files that become disks: what they are, in which format, how big, whether direct I/O works.
 * Changes nothing. A format is read from the content only for files of the image directory, which guests
 * never write; a file that a guest writes could claim to be anything.
 */
import { constants, type Stats } from 'node:fs';
import { access, open, readFile, stat } from 'node:fs/promises';
import type { ImageFormat } from '../core/qemu-args/input.ts';
import { errorCode } from '../core/thrown.ts';
import { allowedFile, type Roots } from './path-policy.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';
import { QCOW2_MAGIC } from './qcow2-header.ts';

const SECTOR_BYTES = 512;
const QCOW2_SIZE_OFFSET = 24;
const QCOW2_HEAD_BYTES = 32;

/** A file or block device that can be a disk. */
export interface DiskFile {
  readonly path: string;
  readonly blockDevice: boolean;
}

/** An image whose content has been looked at. */
export interface Image extends DiskFile {
  readonly format: ImageFormat;
  /** Size of the disk that the guest sees, in bytes; a multiple of 512. */
  readonly sizeBytes: number;
}

/**
 * The file or block device at this path; undefined when there is nothing.
 * @throws PrepareError when it cannot be a disk, or not for this user; `access` is what QEMU will need
 */
export async function findDiskFile(
  path: string,
  accessMode: 'read' | 'write',
): Promise<DiskFile | undefined> {
  const stats = await statIfThere(path);
  if (stats === undefined) return undefined;
  if (!stats.isFile() && !stats.isBlockDevice())
    throw new PrepareError(`${path} is ${kindOf(stats)}, not a file or block device`);
  const mode = constants.R_OK | (accessMode === 'write' ? constants.W_OK : 0);
  await access(path, mode).catch((cause: unknown) => {
    throw new PrepareError(`cannot ${accessMode} ${path}: ${reasonOf(cause)}`, { cause });
  });
  return { path, blockDevice: stats.isBlockDevice() };
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new PrepareError(`cannot look at ${path}: ${reasonOf(cause)}`, { cause });
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a character device';
}

/** The file by its real path, so that a link which is changed later leads QEMU nowhere else. */
export async function findAllowed(
  path: string,
  wanted: 'read' | 'write',
  roots: Roots,
): Promise<DiskFile | undefined> {
  const real = await allowedFile(path, roots);
  return real === undefined ? undefined : await findDiskFile(real, wanted);
}

/**
 * Reads the size, and the format unless it is known: a guest that has written the file may have made it look otherwise.
 * @throws PrepareError when the file cannot be read or is no usable disk
 */
export async function readImage(file: DiskFile, known?: ImageFormat): Promise<Image> {
  const { head, fileBytes } = await readHead(file).catch((cause: unknown) => {
    throw new PrepareError(`cannot read ${file.path}: ${reasonOf(cause)}`, { cause });
  });
  const format = known ?? (head.readUInt32BE(0) === QCOW2_MAGIC ? 'qcow2' : 'raw');
  const bytes = format === 'raw' ? fileBytes : Number(head.readBigUInt64BE(QCOW2_SIZE_OFFSET));
  if (bytes === 0) throw new PrepareError(`${file.path} is empty`);
  return { ...file, format, sizeBytes: Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES };
}

async function readHead(file: DiskFile): Promise<{ head: Buffer; fileBytes: number }> {
  await using handle = await open(file.path, 'r');
  const head = Buffer.alloc(QCOW2_HEAD_BYTES);
  await handle.read(head, 0, head.length, 0);
  const { size, rdev } = await handle.stat();
  return { head, fileBytes: file.blockDevice ? await blockDeviceBytes(rdev) : size };
}

/** The kernel tells a block device's size in sectors of 512 bytes, whatever the device's own are. */
async function blockDeviceBytes(rdev: number): Promise<number> {
  const device = BigInt(rdev);
  // The layout of dev_t is glibc's gnu_dev_major and gnu_dev_minor.
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  const sectors = await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8');
  return Number(sectors) * SECTOR_BYTES;
}

/** Whether the file system can bypass the page cache for this file (open(2), O_DIRECT). */
export async function canDoDirectIo(path: string): Promise<boolean> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECT);
    await handle.close();
    return true;
  } catch {
    return false;
  }
}
