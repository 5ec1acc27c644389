/**
 * Looks at the VM directory: which directory it is, which manifests it holds, and how each of them stands.
 * Reads file attributes and at most one byte of a file; never waits for a FIFO or a device.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../core/thrown.ts';
import type { Listing, Sighting } from './vm-directory-ledger.ts';
import { isManifestName } from './vm-directory-names.ts';

export type Look<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly trouble: string };

type IsNews = (path: string, fingerprint: string) => boolean;

/**
 * What directory is at this path now. The identity changes when the directory is replaced or something is
 * mounted over it; the birth time is part of it because file systems reuse inode numbers at once.
 */
export async function lookAtDirectory(dir: string): Promise<Look<string>> {
  try {
    const found = await stat(dir, { bigint: true });
    if (!found.isDirectory()) return { ok: false, trouble: troubleText(dir, 'ENOTDIR') };
    return { ok: true, value: `${found.dev}:${found.ino}:${found.birthtimeNs}` };
  } catch (error) {
    return { ok: false, trouble: troubleText(dir, error) };
  }
}

/**
 * Lists the manifests directly in the directory, links followed.
 * @param isNews says whether a fingerprint is worth a closer look at the file
 */
export async function listManifests(dir: string, isNews: IsNews): Promise<Look<Listing>> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    return { ok: false, trouble: troubleText(dir, error) };
  }
  const paths = names.filter(isManifestName).map((name) => join(dir, name));
  return { ok: true, value: await lookAtManifests(paths, isNews) };
}

/** The same for these paths of the directory only; what is not there is not in the listing. */
export async function lookAtManifests(paths: readonly string[], isNews: IsNews): Promise<Listing> {
  const sightings = await Promise.all(paths.map((path) => lookAtFile(path, isNews)));
  const listing = new Map<string, Sighting>();
  for (const [index, path] of paths.entries()) {
    const sighting = sightings[index];
    if (sighting !== undefined) listing.set(path, sighting);
  }
  return listing;
}

/** @returns undefined for what is gone meanwhile, and for directories */
async function lookAtFile(path: string, isNews: IsNews): Promise<Sighting | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    if (found.isDirectory()) return undefined;
    const size = Number(found.size);
    const fingerprint = [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':');
    const suspect =
      found.isFile() && isNews(path, fingerprint) && !(await endsInNewline(path, size));
    return {
      fingerprint,
      fileId: `${found.dev}:${found.ino}:${found.birthtimeNs}`,
      size,
      mtimeMs: Number(found.mtimeMs),
      shape: suspect ? 'unfinished' : 'finished',
    };
  } catch (error) {
    return lookAtUnreadable(path, error);
  }
}

/** The name is there, but what it leads to cannot be looked at: not a removal, for nobody removed the name. */
async function lookAtUnreadable(path: string, error: unknown): Promise<Sighting | undefined> {
  try {
    const link = await lstat(path, { bigint: true });
    const fileId = `${link.dev}:${link.ino}:${link.birthtimeNs}`;
    return {
      fingerprint: `${errorCode(error) ?? String(error)}:${fileId}`,
      fileId,
      size: 0,
      mtimeMs: Number.POSITIVE_INFINITY,
      shape: 'unreadable',
    };
  } catch {
    return undefined;
  }
}

/** True also when that cannot be found out: then whoever reads the file will say why. */
async function endsInNewline(path: string, size: number): Promise<boolean> {
  if (size === 0) return false;
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { bytesRead, buffer } = await file.read(new Uint8Array(1), 0, 1, size - 1);
    return bytesRead === 1 && buffer[0] === 0x0a;
  } catch {
    return true;
  }
}

function troubleText(dir: string, error: unknown): string {
  return `VM directory ${dir} ${reason(errorCode(error) ?? String(error))}; the VMs known from it stay as they are`;
}

function reason(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'ENOTDIR':
      return 'is not a directory';
    case 'EACCES':
    case 'EPERM':
      return `cannot be read: permission denied (${code})`;
    case 'EIO':
    case 'ESTALE':
      return `cannot be read: its file system fails (${code})`;
    default:
      return `cannot be read (${code})`;
  }
}
