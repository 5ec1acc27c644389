/** Removes what was pulled and nobody uses any more, and what broken-off work has left. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listImages, walk } from './catalogue.ts';
import { ImageError } from './image-error.ts';
import type { ImageUsers } from './image-users.ts';
import { leftBenches, openBench } from './place-image.ts';
import { namedDigests, refuseUsed, removeImage } from './remove-image.ts';
import { digestOfLink, STORE, storeFolder } from './store.ts';

export interface PruneRequest {
  readonly imagesDir: string;
  readonly users: ImageUsers;
  /** Also what somebody put there. */
  readonly all: boolean;
  /** Only tell. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Unix ms. */
  readonly now: number;
}

export interface Pruned {
  /** Relative to the image directory. */
  readonly file: string;
  /** That it took up on the disk. */
  readonly bytes: number;
  /** Nothing that a VM could have named. */
  readonly leftover?: true;
}

/** What a data volume leaves behind when its maker is killed is taken up by the next one, for so long. */
const KEPT_MS = 86_400_000;
const BLOCK_BYTES = 512;

/** @throws ImageError when something cannot be looked at or removed */
export async function pruneImages(request: PruneRequest): Promise<readonly Pruned[]> {
  const { imagesDir, signal, dryRun } = request;
  // First, for whoever takes a lock clears these away as well.
  const left = await pruneLeftovers(request);
  // What is in the store and has no name yet is somebody's who is about to give it one.
  await using _ = dryRun
    ? undefined
    : await openBench(imagesDir, STORE, { signal, onWait: () => {} });
  const named = await namedDigests(imagesDir);
  const nameless = await pruneStore(request, [...named.keys()]);
  const names = await pruneNames(request, named);
  return [...names, ...nameless, ...left];
}

/** @param left how many names each digest has yet; its room is free when the last one goes */
async function pruneNames(
  request: PruneRequest,
  left: Map<string, number>,
): Promise<readonly Pruned[]> {
  const { imagesDir, users, dryRun, signal } = request;
  const pruned: Pruned[] = [];
  for (const file of await candidates(request)) {
    signal.throwIfAborted();
    try {
      await refuseUsed(imagesDir, file, users);
    } catch (error) {
      if (error instanceof ImageError) continue;
      throw error;
    }
    const digest = digestOfLink(imagesDir, join(imagesDir, file)) ?? file;
    const names = (left.get(digest) ?? 1) - 1;
    left.set(digest, names);
    pruned.push({ file, bytes: names === 0 ? await bytesOf(join(imagesDir, file)) : 0 });
    if (!dryRun) await removeImage(imagesDir, file, users);
  }
  return pruned;
}

async function candidates({ imagesDir, users, all }: PruneRequest): Promise<readonly string[]> {
  const pulled: string[] = [];
  await walk(imagesDir, '', (file) => {
    if (digestOfLink(imagesDir, join(imagesDir, file)) !== undefined) pulled.push(file);
  });
  const placed = all ? await listImages(imagesDir, users) : [];
  return [...new Set([...pulled, ...placed])].toSorted();
}

/** @param named digests that have a name */
async function pruneStore(
  { imagesDir, dryRun }: PruneRequest,
  named: readonly string[],
): Promise<readonly Pruned[]> {
  const kept = new Set(named.map(storeFolder));
  const folders = (await namesIn(join(imagesDir, STORE))).map((name) => `${STORE}/${name}`);
  const nameless = folders.filter((folder) => !kept.has(folder));
  return await removeAll(imagesDir, nameless, dryRun);
}

async function pruneLeftovers(request: PruneRequest): Promise<readonly Pruned[]> {
  const { imagesDir, dryRun, now } = request;
  const left = (await leftBenches(imagesDir)).map((path) => path.slice(imagesDir.length + 1));
  for (const namespace of await namesIn(join(imagesDir, '_claims')))
    for (const name of await namesIn(join(imagesDir, '_claims', namespace))) {
      const file = `_claims/${namespace}/${name}`;
      if (!LEFT_OF_CLAIMS.test(name)) continue;
      if (now - (await stat(join(imagesDir, file))).mtimeMs > KEPT_MS) left.push(file);
    }
  return await removeAll(imagesDir, left, dryRun);
}

/** Hidden files beside the disks of claims (`qemu/data-volume`). */
const LEFT_OF_CLAIMS = /^\..+\.(?:unfinished|unpacked|upload|download|download\.json)$/;

async function removeAll(
  imagesDir: string,
  files: readonly string[],
  dryRun: boolean,
): Promise<readonly Pruned[]> {
  const pruned: Pruned[] = [];
  for (const file of files) {
    const path = join(imagesDir, file);
    pruned.push({ file, bytes: await bytesBelow(path), leftover: true });
    if (!dryRun) await rm(path, { recursive: true, force: true });
  }
  return pruned;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(() => []);
}

async function bytesBelow(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true }).catch(() => ['']);
  const sizes = await Promise.all(names.map((name) => bytesOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Links followed. */
async function bytesOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ blocks }) => blocks * BLOCK_BYTES,
    () => 0,
  );
}
