/** How large the disk of a claim is, and making it larger. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { claimFiles } from '../core/claims.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { findClaim } from './claim-disk.ts';
import { filesBelow } from './image-chain.ts';
import type { Roots } from './path-policy.ts';
import { type QemuImgOptions, qemuImg } from './qemu-img.ts';

/** Of the header (QEMU docs/interop/qcow2.txt). */
const QCOW2_SIZE_OFFSET = 24;

/** What a guest sees of it, in bytes; undefined where there is none, or no regular file. Never throws. */
export function claimBytes(
  imagesDir: string,
  vm: Pick<VmIdentity, 'namespace'>,
  claim: string,
): number | undefined {
  for (const { path, format } of claimFiles(vm, claim)) {
    const file = join(imagesDir, path);
    try {
      const found = statSync(file, { throwIfNoEntry: false });
      if (found === undefined) continue;
      if (!found.isFile()) return undefined;
      return format === 'raw' ? found.size : qcow2Bytes(file);
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function qcow2Bytes(file: string): number | undefined {
  const fd = openSync(file, 'r');
  try {
    const size = Buffer.alloc(8);
    const read = readSync(fd, size, 0, size.length, QCOW2_SIZE_OFFSET);
    return read === size.length ? Number(size.readBigUInt64BE()) : undefined;
  } finally {
    closeSync(fd);
  }
}

/**
 * What is on it stays; a guest finds the new room at its end. QEMU's locks keep out a disk that a guest has.
 * @throws PrepareError; the signal's reason when aborted
 */
export async function growClaim(
  vm: VmIdentity,
  claim: string,
  sizeBytes: number,
  options: Roots & QemuImgOptions,
): Promise<void> {
  const disk = await findClaim(vm, claim, 'write', options);
  const access = { read: await filesBelow(disk, options), write: [disk.path] };
  const args = ['resize', '-q', '-f', disk.format, disk.path, String(sizeBytes)];
  await qemuImg(args, access, options);
}
