/** Finds the files of a direct kernel boot: names in the image directory, which lead to where disks may lie. */
import { join, resolve, sep } from 'node:path';
import { imageFileCandidates } from '../core/manifest/image-reference.ts';
import type { KernelSource } from '../core/model/machine.ts';
import type { PreparedKernel } from '../core/qemu-args/input.ts';
import { errorMessage } from '../core/thrown.ts';
import { type DiskFile, findDiskFile } from './image-file.ts';
import { allowedFile, type Roots } from './path-policy.ts';
import { PrepareError } from './prepare-error.ts';

/** @throws PrepareError */
export async function prepareKernel(source: KernelSource, roots: Roots): Promise<PreparedKernel> {
  const { kernelPath, initrdPath } = source;
  if (kernelPath === undefined)
    throw new PrepareError('kernel boot: an initrd alone does not boot; name a kernelPath too');
  const [kernel, initrd] = await Promise.all([
    find('kernel', source, kernelPath, roots),
    initrdPath === undefined ? undefined : find('initrd', source, initrdPath, roots),
  ]);
  return { kernelPath: kernel, ...(initrd === undefined ? {} : { initrdPath: initrd }) };
}

async function find(
  what: 'kernel' | 'initrd',
  source: KernelSource,
  path: string,
  roots: Roots,
): Promise<string> {
  const candidates = candidatePaths(source, path, roots.imagesDir);
  if (candidates.length === 0)
    throw new PrepareError(`${what}: ${JSON.stringify(path)} names no file of the image directory`);
  for (const candidate of candidates) {
    const file = await look(candidate, roots).catch((cause: unknown) => {
      throw new PrepareError(`${what}: ${errorMessage(cause)}`, { cause });
    });
    if (file?.blockDevice === false) return file.path;
  }
  throw new PrepareError(`${what}: there is no file ${candidates.join(', ')}; put it there`);
}

async function look(candidate: string, roots: Roots): Promise<DiskFile | undefined> {
  const real = await allowedFile(candidate, roots);
  return real === undefined ? undefined : await findDiskFile(real, 'read');
}

function candidatePaths(source: KernelSource, path: string, imagesDir: string): readonly string[] {
  const names = source.kind === 'files' ? [path] : imageFileCandidates(source.image, path);
  return names
    .map((name) => join(imagesDir, name))
    .filter((candidate) => resolve(candidate).startsWith(resolve(imagesDir) + sep));
}
