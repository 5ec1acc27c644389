/** Which files of the image directory guests that run have opened, from what the daemon has noted of its instances. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { instancesDir } from '../core/paths.ts';
import { errorCode } from '../core/thrown.ts';
import { filesBelow } from '../qemu/image-chain.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { ImageError } from './image-error.ts';

export interface RunningUse {
  /** Of the instance. */
  readonly uid: string;
  /** QEMU's command line, which names what it was given to open. */
  readonly description: string;
  /** Real paths of what its overlays build on. */
  readonly below: readonly string[];
}

/** @throws ImageError when they cannot be looked at */
export async function runningUses(
  stateDir: string,
  imagesDir: string,
): Promise<readonly RunningUse[]> {
  const root = instancesDir(stateDir);
  try {
    const uids = await readdir(root);
    // An instance that has ended says so there.
    const live = uids.filter((uid) => !existsSync(join(root, uid, 'exit')));
    return await Promise.all(live.map((uid) => useOf(join(root, uid), uid, imagesDir)));
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return [];
    throw new ImageError(`which images guests have open cannot be told: ${reasonOf(cause)}`, {
      cause,
      hint: 'Do it as root, or as the user of the daemon.',
    });
  }
}

async function useOf(directory: string, uid: string, imagesDir: string): Promise<RunningUse> {
  const names = await readdir(directory);
  const overlays = names.filter((name) => name.endsWith('.qcow2'));
  const roots = { imagesDir, diskRoots: ['/'] };
  const below = await Promise.all(
    overlays.map((name) =>
      // One that is just being made, or is gone again.
      filesBelow({ path: join(directory, name), format: 'qcow2' }, roots).catch(() => []),
    ),
  );
  const description = await readFile(join(directory, 'instance.json'), 'utf8').catch(() => '');
  return { uid, description, below: below.flat() };
}

export function isOpenIn({ description, below }: RunningUse, real: string): boolean {
  return below.includes(real) || description.includes(JSON.stringify(real).slice(1, -1));
}
