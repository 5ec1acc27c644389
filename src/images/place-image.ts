/**
 * Puts a finished file into the image directory under its final name: whole, or not at all. What is being made
 * lies in a hidden directory of the same file system, which is of no image's name.
 */
import { createHash } from 'node:crypto';
import { rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../core/thrown.ts';
import { acquireFileLock, type FileLock } from '../host/file-lock.ts';
import { makeDirectory } from '../host/make-directory.ts';
import { BUSY, sqliteCode } from '../host/state-errors.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { ImageError } from './image-error.ts';

/** Below the image directory; no image reference leads there. */
export const WORKSHOP = '.pulls';
const LOOK_MS = 200;

/** Where one image is made while its lock is held. */
export interface Bench extends AsyncDisposable {
  /** Empty, and gone with the bench. */
  readonly directory: string;
  /** Another command held the lock first, so the image may have come meanwhile. */
  readonly waited: boolean;
}

/**
 * Takes the lock of one image, waiting while another command makes the same one; that one gives up by itself when
 * nothing comes. What killed ones left behind is removed.
 * @param base `imageBase` of the image
 */
export async function openBench(
  imagesDir: string,
  base: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
): Promise<Bench> {
  const workshop = join(imagesDir, WORKSHOP);
  try {
    makeDirectory(imagesDir);
    makeDirectory(workshop, 0o700);
    // The owner of the image directory may be less than whoever works in it, and a link leads where only the latter may.
    if (!(await lstat(workshop)).isDirectory()) throw new Error(`${WORKSHOP} is not a directory`);
    await ownAs(imagesDir, workshop);
  } catch (cause) {
    throw new ImageError(`nothing can be put into ${imagesDir}: ${reasonOf(cause)}`, { cause });
  }
  // Names may be longer than a file's name may be.
  const key = createHash('sha256').update(base).digest('hex').slice(0, 32);
  let lock = tryLock(workshop, key);
  const waited = lock === undefined;
  if (waited) onWait();
  while (lock === undefined) {
    await sleep(LOOK_MS, undefined, { signal });
    lock = tryLock(workshop, key);
  }
  const held = lock;
  try {
    await clear(workshop, key);
    const directory = await mkdtemp(join(workshop, `${key}-`));
    return {
      directory,
      waited,
      async [Symbol.asyncDispose]() {
        await remove(directory);
        held.release();
      },
    };
  } catch (error) {
    held.release();
    throw new ImageError(`nothing can be put into ${workshop}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** The file of the lock goes with it, so what was locked has to be what is there. */
function tryLock(workshop: string, key: string): FileLock | undefined {
  const path = join(workshop, `${key}.lock`);
  try {
    makeFile(path);
    const before = inodeOf(path);
    const lock = acquireFileLock(path);
    const release = (): void => {
      rmSync(path, { force: true });
      lock.release();
    };
    if (before !== undefined && inodeOf(path) === before) return { release };
    lock.release();
    return undefined;
  } catch (error) {
    if (sqliteCode(error) === BUSY) return undefined;
    throw new ImageError(`${workshop} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

/** Only a new one is opened here: to close a file that this process has locked would give the lock up (fcntl(2)). */
function makeFile(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Removes what killed commands left behind: the benches of this key, whose lock is held, and those that nobody is at. */
async function clear(workshop: string, key: string): Promise<void> {
  for (const name of await benches(workshop)) {
    const owner = ownerOf(name);
    const lock = owner === key ? undefined : tryLock(workshop, owner);
    if (owner === key || lock !== undefined) await remove(join(workshop, name));
    lock?.release();
  }
}

/** Paths of benches that nobody is at. */
export async function leftBenches(imagesDir: string): Promise<readonly string[]> {
  const workshop = join(imagesDir, WORKSHOP);
  const left: string[] = [];
  for (const name of await benches(workshop)) {
    const lock = tryLock(workshop, ownerOf(name));
    if (lock !== undefined) left.push(join(workshop, name));
    lock?.release();
  }
  return left;
}

/** The file of a lock is called by the key alone, a bench by the key and more. */
async function benches(workshop: string): Promise<readonly string[]> {
  const names = await readdir(workshop).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.includes('-'));
}

function ownerOf(bench: string): string {
  return bench.split('-')[0] ?? '';
}

/** A killed command's skopeo may still be writing there; it ends when it finds its directory gone. */
function remove(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * @param made a file on the bench, whole and on the disk
 * @param name where it belongs, relative to the image directory
 * @returns the path that it has then
 */
export async function putInPlace(imagesDir: string, made: string, name: string): Promise<string> {
  // Whatever the umask is: guests may have users of their own.
  return await moveInto(imagesDir, made, name, () => chmod(made, 0o644));
}

/** The same for a symbolic link to another file of the image directory. @param bench a directory to make it in */
export async function linkInPlace(
  imagesDir: string,
  { name, to, bench }: { readonly name: string; readonly to: string; readonly bench: string },
): Promise<string> {
  const link = join(bench, 'link');
  return await moveInto(imagesDir, link, name, () => symlink(relative(dirname(name), to), link));
}

async function moveInto(
  imagesDir: string,
  made: string,
  name: string,
  prepare: () => Promise<void>,
): Promise<string> {
  const target = join(imagesDir, name);
  try {
    await makeDirectories(imagesDir, dirname(name));
    await refuseOutside(imagesDir, target);
    await prepare();
    await ownAs(imagesDir, made);
    await rename(made, target);
    await using directory = await open(dirname(target));
    await directory.sync();
    return target;
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    throw new ImageError(`${target} cannot be made: ${reasonOf(cause)}`, { cause });
  }
}

/** Everything is on the disk when it returns. */
export async function settle(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
}

/** They may be entered by whoever may enter the image directory, whatever the umask is. */
async function makeDirectories(imagesDir: string, name: string): Promise<void> {
  const { mode } = await stat(imagesDir);
  let path = imagesDir;
  for (const part of name.split('/')) {
    path = join(path, part);
    if ((await lookAt(path)) !== undefined) continue;
    await mkdir(path);
    await ownAs(imagesDir, path);
    await chmod(path, mode & 0o7777);
  }
}

/** A link may lead anywhere, and whoever fills the directory may be more than whoever owns it. */
async function refuseOutside(imagesDir: string, target: string): Promise<void> {
  const [root, real] = await Promise.all([realpath(imagesDir), realpath(dirname(target))]);
  if (real === root || real.startsWith(root + sep)) return;
  throw new ImageError(`${dirname(target)} leads to ${real}, away from the image directory`);
}

/** What root puts into the directory of another user belongs to that user, as if they had done it. */
async function ownAs(imagesDir: string, path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(imagesDir);
  await lchown(path, uid, gid);
}

/** Links followed; undefined when there is nothing. */
export async function lookAt(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}
