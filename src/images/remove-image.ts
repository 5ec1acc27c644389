/** Removes an image that nobody uses. */
import { readdirSync, readlinkSync } from 'node:fs';
import { readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesBelow } from '../qemu/image-chain.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { ImageError } from './image-error.ts';
import type { ImageUsers } from './image-users.ts';

/** @param file relative to the image directory. @throws ImageError when it is in use, or cannot be removed */
export async function removeImage(
  imagesDir: string,
  file: string,
  users: ImageUsers,
): Promise<void> {
  const path = join(imagesDir, file);
  refuseNamed(file, users);
  try {
    const real = await realpath(path).catch(() => path);
    refuseOpen(file, real);
    await refuseBuiltOn(imagesDir, file, real);
    await rm(path);
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    throw new ImageError(`${path} cannot be removed: ${reasonOf(cause)}`, { cause });
  }
  await removeEmpty(imagesDir, dirname(file));
}

function refuseNamed(file: string, { byPath, unclear }: ImageUsers): void {
  const vms = byPath.get(file) ?? [];
  if (vms.length > 0)
    throw new ImageError(`${file} is in use by ${vms.map((vm) => `VM ${vm}`).join(', ')}`, {
      hint: `Delete what uses it first: solovirt delete ${vms.join(' ')}`,
    });
  // A broken file's last valid version is still in force, and may well name it.
  const [first = ''] = file
    .replace(/\.[^./]+$/, '')
    .split('/')
    .slice(-2);
  const suspect = unclear.find(({ text }) => text.includes(first));
  if (suspect === undefined) return;
  throw new ImageError(
    `${file} may be in use: ${suspect.file} has errors, and the name ${first} is in it`,
    {
      hint: `See what is wrong: solovirt validate ${suspect.file}`,
    },
  );
}

/** A VM whose file has changed or is gone may still run on it. */
function refuseOpen(file: string, real: string): void {
  const pid = namesIn('/proc').find(
    (name) =>
      /^\d+$/.test(name) &&
      namesIn(`/proc/${name}/fd`).some((fd) => linkOf(`/proc/${name}/fd/${fd}`) === real),
  );
  if (pid !== undefined) throw new ImageError(`${file} is open in a process, pid ${pid}`);
}

/** Overlays that somebody made of it, also those among the disks of claims. */
async function refuseBuiltOn(imagesDir: string, file: string, real: string): Promise<void> {
  const all = await readdir(imagesDir, { recursive: true });
  for (const name of all) {
    if (!name.endsWith('.qcow2') || name === file) continue;
    const image = { path: join(imagesDir, name), format: 'qcow2' } as const;
    // One that is broken builds on nothing that could be told.
    const below: readonly string[] = await filesBelow(image, { imagesDir, diskRoots: [] }).catch(
      () => [],
    );
    if (below.includes(real)) throw new ImageError(`${file} is in use: ${name} builds on it`);
  }
}

/** The directories that the name of an image made. */
async function removeEmpty(imagesDir: string, directory: string): Promise<void> {
  if (directory === '.') return;
  try {
    await rmdir(join(imagesDir, directory));
  } catch {
    return;
  }
  await removeEmpty(imagesDir, dirname(directory));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
