/** Removes an image that nobody uses. */
import { readdirSync, readlinkSync } from 'node:fs';
import { readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesBelow } from '../qemu/image-chain.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { walk } from './catalogue.ts';
import { ImageError } from './image-error.ts';
import type { ImageUsers } from './image-users.ts';
import { isOpenIn } from './running-uses.ts';
import { digestOfLink, storeFolder } from './store.ts';

/**
 * What was pulled goes with the last of its names.
 * @param file relative to the image directory
 * @throws ImageError when it is in use, or cannot be removed
 */
export async function removeImage(
  imagesDir: string,
  file: string,
  users: ImageUsers,
): Promise<void> {
  const path = join(imagesDir, file);
  await refuseUsed(imagesDir, file, users);
  try {
    const digest = digestOfLink(imagesDir, path);
    await rm(path);
    await removeEmpty(imagesDir, dirname(file));
    if (digest !== undefined && !(await namedDigests(imagesDir)).has(digest))
      await rm(join(imagesDir, storeFolder(digest)), { recursive: true, force: true });
  } catch (cause) {
    throw new ImageError(`${path} cannot be removed: ${reasonOf(cause)}`, { cause });
  }
}

/** @throws ImageError when a VM or another image uses it, or that cannot be told */
export async function refuseUsed(
  imagesDir: string,
  file: string,
  users: ImageUsers,
): Promise<void> {
  refuseNamed(file, users);
  const path = join(imagesDir, file);
  const real = await realpath(path).catch(() => path);
  refuseOpen(file, real);
  refuseRunning(file, real, users);
  await refuseBuiltOn(imagesDir, file, real);
}

/** How many names in the image directory stand for each digest. */
export async function namedDigests(imagesDir: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  await walk(imagesDir, '', (file) => {
    const digest = digestOfLink(imagesDir, join(imagesDir, file));
    if (digest !== undefined) found.set(digest, (found.get(digest) ?? 0) + 1);
  });
  return found;
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

/** The same where the processes of guests are not to be seen. */
function refuseRunning(file: string, real: string, { running }: ImageUsers): void {
  const use = running.find((one) => isOpenIn(one, real));
  if (use !== undefined)
    throw new ImageError(`${file} is in use by a guest that runs, instance ${use.uid}`);
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
