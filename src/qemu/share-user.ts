/**
 * Who serves a directory that a guest shares, under root: whoever owns it, so that what the guest makes there is theirs.
 * Root's own directories, and those of the image directory, are served by a user that nothing else of the host runs as.
 */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Credentials } from '../core/qemu-args/confinement.ts';
import type { PreparedFilesystem } from '../core/qemu-args/input.ts';
import type { GuestUsers } from './guest-users.ts';
import { SpawnError } from './spawn-error.ts';
import { findUnusable } from './usable-files.ts';

/** @throws SpawnError when that user cannot read the directory */
export async function sharingUser(
  { dir, whose }: Pick<PreparedFilesystem, 'dir' | 'whose'>,
  program: string,
  users: GuestUsers,
): Promise<Credentials> {
  const { uid, gid } = await stat(dir);
  const isOurs = uid === 0 || users.includes(uid);
  const credentials = isOurs ? users.sharer : { uid, gid, groups: [] };
  if (isOurs && whose === 'claim') await giveDirectory(dir, credentials);
  const access = { read: [dir], write: [], writeDirs: [], reserve: [], lowPorts: false };
  const obstacle = await findUnusable({ access, program }, credentials);
  if (obstacle === undefined) return credentials;
  throw new SpawnError(
    `QEMU was not started: the directory ${dir} cannot be shared: ${obstacle}; let that user read it and search the directories above it`,
  );
}

/** The directory alone: what lies in it stays whose it is. */
async function giveDirectory(dir: string, { uid }: Credentials): Promise<void> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY;
  await using handle = await open(dir, flags);
  const found = await handle.stat();
  if (found.uid !== uid) await handle.chown(uid, found.gid);
}
