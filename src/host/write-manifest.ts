/**
 * Creates, replaces and removes manifests, whole or not at all: a new one never takes the place of another, and changes
 * are compare-and-swap against the text that the caller knows, then one rename. Mode, owner and group are kept, links are followed and stay; only root's files, and
 * those that their group may write, can come to belong to a daemon without privileges. After a failure the old file is
 * as it was and no temporary file is left.
 */
import { constants, type Stats } from 'node:fs';
import { chown, link, open, readdir, realpath, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { errorCode } from '../core/thrown.ts';
import { readManifest } from './read-manifest.ts';

/** The file no longer holds the text that the change was made for. Read it again and decide anew. */
export class ManifestChangedError extends Error {
  override readonly name = 'ManifestChangedError';
}

/** The file cannot be written. The old text is still in force. */
export class ManifestWriteError extends Error {
  override readonly name = 'ManifestWriteError';
}

/** The last replacement of each target under way: a file may hold several VMs, each with its own commands. */
const underWay = new Map<string, Promise<void>>();

/**
 * Replacements of one file take their turns.
 * @throws ManifestChangedError when the file does not hold `expectedText` any more
 * @throws ManifestWriteError when the host refuses the write
 */
export async function replaceManifest(
  path: string,
  expectedText: string,
  newText: string,
): Promise<void> {
  await expectText(path, expectedText);
  let target: string;
  try {
    target = await realpath(path);
  } catch (error) {
    throw asManifestError(path, error);
  }
  const mine = (underWay.get(target) ?? Promise.resolve())
    .catch(() => undefined)
    .then(() => replaceTarget(target, expectedText, newText));
  underWay.set(target, mine);
  try {
    await mine;
  } catch (error) {
    throw asManifestError(path, error);
  } finally {
    if (underWay.get(target) === mine) underWay.delete(target);
  }
}

/**
 * Puts a new manifest into a directory, under the first of the names that is free. Whoever may read or write in the
 * directory may do the same with the file.
 * @returns its path
 * @throws ManifestChangedError when every name is taken
 * @throws ManifestWriteError when the host refuses the write
 */
export async function createManifest(
  dir: string,
  names: readonly string[],
  text: string,
): Promise<string> {
  const [first = 'vm.yaml'] = names;
  const staged = join(dir, `.${first}.new.solovirt`);
  try {
    const { mode, gid } = await stat(dir);
    await writeFileAtomic(staged, text, { mode: 0o600 | (mode & 0o066) });
    await expectWhole(staged, text);
    // As far as we may; the directory's group is that of the people who keep it.
    await chown(staged, -1, gid).catch(() => undefined);
    for (const name of names) {
      if (!(await linked(staged, join(dir, name)))) continue;
      await syncDirectory(dir);
      return join(dir, name);
    }
  } catch (error) {
    const isGone = errorCode(error) === 'ENOENT';
    if (isGone) throw new ManifestWriteError(`${dir} does not exist`, { cause: error });
    throw asManifestError(join(dir, first), error);
  } finally {
    await rm(staged, { force: true });
  }
  throw new ManifestChangedError(`${join(dir, first)} is there already and is no file of this VM`);
}

/** A link, unlike a rename, never takes the place of what is there. */
async function linked(staged: string, path: string): Promise<boolean> {
  try {
    await link(staged, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a manifest from its directory. Of a link only the link goes, as with rm(1).
 * @throws ManifestChangedError when the file does not hold `expectedText` any more
 * @throws ManifestWriteError when the host refuses it
 */
export async function removeManifest(path: string, expectedText: string): Promise<void> {
  await expectText(path, expectedText);
  try {
    const target = await realpath(path);
    await expectOpen(target, await stat(target));
    await unlink(path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw asManifestError(path, error);
  }
}

/** `.NAME.solovirt`, and what write-file-atomic makes of it on the way. */
const STAGED = /^\..+\.solovirt(\.\d+)?$/;

/**
 * Removes what a killed daemon was about to put in a manifest's place. Not while another one may be writing.
 * Best effort: such a file is hidden and harms nobody.
 */
export async function removeStaged(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  const staged = names.filter((name) => STAGED.test(name));
  await Promise.allSettled(staged.map((name) => rm(join(dir, name), { force: true })));
}

async function replaceTarget(target: string, expectedText: string, newText: string): Promise<void> {
  // Hidden, so that the watch on the directory does not see it.
  const staged = join(dirname(target), `.${basename(target)}.solovirt`);
  try {
    await stage(staged, target, newText);
    // Once more, so that an edit is lost only if it falls between here and the next line.
    await expectText(target, expectedText);
    await rename(staged, target);
  } finally {
    await rm(staged, { force: true });
  }
  await syncDirectory(dirname(target));
}

async function expectText(path: string, expectedText: string): Promise<void> {
  const found = await readManifest(path);
  if (found.ok && found.text === expectedText) return;
  if (found.ok) throw new ManifestChangedError(`${path} was changed since it was read`);
  if (found.code === 'not-found') {
    throw new ManifestChangedError(`${path} was removed since it was read`);
  }
  throw new ManifestWriteError(found.message);
}

/** Puts the new text beside the target: complete, on the disk, and with the target's owner and mode. */
async function stage(staged: string, target: string, text: string): Promise<void> {
  const old = await stat(target);
  await expectOpen(target, old);
  await writeFileAtomic(staged, text, { mode: old.mode, chown: { uid: old.uid, gid: old.gid } });
  const found = await expectWhole(staged, text);
  if (!keptByItsPeople(found, old)) {
    throw new ManifestWriteError(
      `${target} cannot be replaced: its owner (uid ${old.uid}, gid ${old.gid}) could not be kept; run the daemon as root or make the file its own`,
    );
  }
}

/** write-file-atomic takes the short write of a nearly full disk for success. */
async function expectWhole(staged: string, text: string): Promise<Stats> {
  const found = await stat(staged);
  if (found.size === new TextEncoder().encode(text).length) return found;
  throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
}

/**
 * A file may be closed to us although the directory would let us replace it; its owner means the file. Root's files are
 * closed to everybody by habit rather than by intent, but one that not even root's permissions open is left alone.
 */
async function expectOpen(target: string, { uid, mode }: Stats): Promise<void> {
  if (uid === 0 && (mode & constants.S_IWUSR) !== 0) return;
  await (await open(target, 'r+')).close();
}

/**
 * Whoever could write the file still can. Only root can give a file away; where it was root's, or its group may write it,
 * that it belongs to another now makes no difference to anybody.
 */
function keptByItsPeople(found: Stats, old: Stats): boolean {
  const groupMayWrite = (old.mode & constants.S_IWGRP) !== 0;
  const ownerCanStill = found.uid === old.uid || old.uid === 0 || groupMayWrite;
  return found.gid === old.gid && ownerCanStill;
}

/** So that the rename survives a power cut (fsync(2), notes on directories). */
async function syncDirectory(dir: string): Promise<void> {
  await using handle = await open(dir, constants.O_RDONLY);
  await handle.sync();
}

function asManifestError(path: string, error: unknown): Error {
  if (error instanceof ManifestChangedError || error instanceof ManifestWriteError) return error;
  const code = errorCode(error) ?? '';
  if (code === 'ENOENT') {
    return new ManifestChangedError(`${path} was removed since it was read`, { cause: error });
  }
  return new ManifestWriteError(`${path} cannot be written: ${reason(code) ?? String(error)}`, {
    cause: error,
  });
}

function reason(code: string): string | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `no space left on the disk (${code})`;
    case 'EROFS':
      return 'its file system is read-only (EROFS)';
    case 'EACCES':
    case 'EPERM':
      return `permission denied (${code}); the daemon must be able to write the file and its directory`;
    case 'EIO':
      return 'input/output error of its disk (EIO)';
    default:
      return undefined;
  }
}
