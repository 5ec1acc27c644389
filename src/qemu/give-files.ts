/**
 * Hands the files that a guest writes to its own user. Needs root.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import type { UserRange } from './guest-users.ts';

const OWNER_READ_WRITE = 0o600;

/**
 * Makes a file the user's, if it was root's or an earlier guest's: somebody else's file stays what it is, and so
 * does one with several names, for it may be in use under another. Never follows a symbolic link.
 */
export async function giveFile(path: string, uid: number, guests: UserRange): Promise<void> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ELOOP') return undefined;
    throw error;
  });
  if (file === undefined) return;
  await using handle = file;
  await give(handle, uid, guests);
}

/** Makes a directory the user's, with the files in it, under the same rules. Its own directories are not gone into. */
export async function giveDir(path: string, uid: number, guests: UserRange): Promise<void> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY;
  await using dir = await open(path, flags);
  const found = await dir.stat();
  if (isSolovirts(found.uid, guests) && found.uid !== uid) await dir.chown(uid, found.gid);
  for (const name of await readdir(path)) await giveFile(`${path}/${name}`, uid, guests);
}

function isSolovirts(owner: number, { first, last }: UserRange): boolean {
  return owner === 0 || (owner >= first && owner <= last);
}

async function give(handle: FileHandle, uid: number, guests: UserRange): Promise<void> {
  const found = await handle.stat();
  const isOurs = isSolovirts(found.uid, guests);
  const isDisk = found.isBlockDevice() || (found.isFile() && found.nlink === 1);
  if (!isOurs || !isDisk || found.uid === uid) return;
  await handle.chown(uid, found.gid);
  await handle.chmod((found.mode & 0o777) | OWNER_READ_WRITE);
}
