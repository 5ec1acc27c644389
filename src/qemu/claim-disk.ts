/** Finds the disks of persistent volume claims in the image directory. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ClaimFile, claimDirectory, claimFiles } from '../core/claims.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { ImageFormat } from '../core/qemu-args/input.ts';
import { type DiskFile, findAllowed } from './image-file.ts';
import type { Roots } from './path-policy.ts';
import { PrepareError } from './prepare-error.ts';

export interface ClaimDisk extends DiskFile {
  readonly format: ImageFormat;
}

/** @throws PrepareError when there is none, or more than one, or it cannot be used */
export async function findClaim(
  vm: VmIdentity,
  claim: string,
  wanted: 'read' | 'write',
  roots: Roots,
): Promise<ClaimDisk> {
  const [preferred, ...others] = claimFiles(vm, claim);
  const look = async ({ path, format }: ClaimFile): Promise<ClaimDisk | undefined> => {
    const file = await findAllowed(join(roots.imagesDir, path), wanted, roots);
    return file && { ...file, format };
  };
  const found = await Promise.all([preferred, ...others].map(look));
  const [disk, another] = found.filter((file) => file !== undefined);
  if (another !== undefined)
    throw new PrepareError(
      `the claim ${claim} has two disks, ${disk?.path} and ${another.path}: move one of them away`,
    );
  if (disk !== undefined) return disk;
  const place = join(roots.imagesDir, preferred.path);
  const directory = join(roots.imagesDir, claimDirectory(vm, claim));
  const instead = existsSync(directory)
    ? `, but a directory, ${directory}, which "filesystems" shows and "disks" does not`
    : '';
  throw new PrepareError(
    `the claim ${claim} has no disk${instead}: make one, as with \`qemu-img create -f qcow2 ${place} 20G\`, or put one there (.qcow2, or .img for a raw one)`,
  );
}
