/** Looks at a file that is to become an image: whether it is a disk, and one that needs no other file. */
import { stat } from 'node:fs/promises';
import { diskKind, HEAD_BYTES } from '../core/images/disk-format.ts';
import { readHead } from '../qemu/image-chain.ts';
import { QCOW2_MAGIC, qcow2References } from '../qemu/qcow2-header.ts';
import { ImageError } from './image-error.ts';

/** The name of a file below lies in the first cluster (QEMU docs/interop/qcow2.txt), of 2 MiB at most. */
const CLUSTER_BYTES = 2 * 1024 * 1024;

/**
 * @param what for messages
 * @returns what such a file's name ends in
 * @throws ImageError when QEMU could not use it
 */
export async function checkDisk(path: string, what: string): Promise<'qcow2' | 'img' | 'iso'> {
  const head = await readHead(path, HEAD_BYTES);
  const kind = diskKind(head, (await stat(path)).size);
  if (!kind.ok)
    throw new ImageError(`${what} is ${kind.what}; a disk is qcow2, raw or ISO 9660`, {
      hint: 'Unpack it, or convert it with `qemu-img convert -O qcow2`.',
    });
  await checkReferences(path, what);
  return kind.ending;
}

/**
 * QEMU would open what the header of a qcow2 names, and that is a file of this host.
 * @throws ImageError when there is such a name; not for other files
 */
export async function checkReferences(path: string, what: string): Promise<void> {
  const head = await readHead(path, CLUSTER_BYTES);
  if (head.length < 4 || head.readUInt32BE() !== QCOW2_MAGIC) return;
  const references = qcow2References(head);
  if (references === undefined) throw new ImageError(`${what} has a damaged qcow2 header`);
  const { backing, externalData } = references;
  if (!externalData && backing === undefined) return;
  const other = backing === undefined ? 'another file' : JSON.stringify(backing);
  throw new ImageError(`${what} builds on ${other}, which does not come with it`, {
    hint: 'Make it whole first, with `qemu-img convert -O qcow2`.',
  });
}
