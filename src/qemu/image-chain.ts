/**
 * The files that a qcow2 image builds on. QEMU opens whatever an image's header names, so an image from elsewhere
 * could lend a guest any file of the host: each is found here first, and has to lie where disks may lie.
 */
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ImageFormat } from '../core/qemu-args/input.ts';
import { allowedFile, type Roots } from './path-policy.ts';
import { PrepareError } from './prepare-error.ts';
import { QCOW2_MAGIC, qcow2References } from './qcow2-header.ts';

/** The header, its extensions and the name lie in the first cluster (QEMU docs/interop/qcow2.txt), 2 MiB at most. */
const HEAD_BYTES = 2 * 1024 * 1024;
const LONGEST_CHAIN = 200;

/**
 * Real paths of all files below an image, from the next one down; empty for an image that stands alone.
 * @throws PrepareError when one is missing, lies outside the roots, or is no file
 */
export async function filesBelow(
  image: { readonly path: string; readonly format: ImageFormat },
  roots: Roots,
): Promise<readonly string[]> {
  const found: string[] = [];
  let { path, format }: { path: string; format: ImageFormat } = image;
  while (format === 'qcow2') {
    const below = await nextBelow(path, roots);
    if (below === undefined) break;
    if (found.includes(below.path) || below.path === image.path || found.length === LONGEST_CHAIN)
      throw new PrepareError(`${image.path} builds on itself by way of ${below.path}`);
    found.push(below.path);
    ({ path, format } = below);
  }
  return found;
}

async function nextBelow(
  path: string,
  roots: Roots,
): Promise<{ path: string; format: ImageFormat } | undefined> {
  const references = qcow2References(await readHead(path, HEAD_BYTES));
  if (references === undefined) return undefined;
  if (references.externalData)
    throw new PrepareError(`${path} keeps its data in another file, which is not supported`);
  const { backing } = references;
  if (backing === undefined) return undefined;
  // What QEMU takes for a protocol or for JSON (its `path_has_protocol`) is not a file's name.
  if (/^[^/]*:/.test(backing))
    throw new PrepareError(`${path} builds on ${JSON.stringify(backing)}, which is not a file`);
  const below = await allowedFile(resolve(dirname(path), backing), roots);
  if (below === undefined)
    throw new PrepareError(`${path} builds on ${JSON.stringify(backing)}, which does not exist`);
  const head = await readHead(below, 4);
  return { path: below, format: isQcow2(head) ? 'qcow2' : 'raw' };
}

function isQcow2(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32BE(0) === QCOW2_MAGIC;
}

/** The first bytes of a file, fewer when it has no more. */
export async function readHead(path: string, length: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
  return buffer.subarray(0, bytesRead);
}
