/**
 * Where pulled images are kept: by the digest of what the registry gave out, so that two names of one image are one file, and
 * a name that comes to stand for another image leaves alone what runs on the one before. The name itself is a symbolic
 * link, which also tells what was pulled from what somebody put there.
 *
 * IMAGES/_store/sha256-HEX/disk.ENDING   the only disk of the image
 *                          files/PATH    a file of a given path
 */
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Presence } from '../core/images/pull-plan.ts';
import { imageFileCandidates } from '../core/manifest/image-reference.ts';

/** No image reference leads there, for none has a part that begins with `_`. */
export const STORE = '_store';

const ENDINGS = ['qcow2', 'img', 'iso'] as const;

export interface FoundImage {
  /** Under its name. */
  readonly path: string;
  /** Of what was pulled; undefined for a file that somebody put there. */
  readonly digest?: string;
}

/** The file that a VM gets that asks for this image; undefined when there is none. */
export function lookForImage(
  imagesDir: string,
  image: string,
  inner?: string,
): FoundImage | undefined {
  for (const candidate of imageFileCandidates(image, inner)) {
    const path = join(imagesDir, candidate);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) continue;
    const digest = digestOfLink(imagesDir, path);
    return { path, ...(digest !== undefined && { digest }) };
  }
  return undefined;
}

export function presenceOf(found: FoundImage | undefined): Presence {
  if (found === undefined) return 'absent';
  return found.digest === undefined ? 'placed' : 'pulled';
}

/** What a name leads to; undefined for what is no link into the store. */
export function digestOfLink(imagesDir: string, path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
  const below = relative(join(imagesDir, STORE), resolve(dirname(path), readlinkSync(path)));
  const [, algorithm, hex] = /^(sha256|sha512)-([0-9a-f]+)\//.exec(below) ?? [];
  return hex === undefined ? undefined : `${algorithm}:${hex}`;
}

/** Relative to the image directory. */
export function storeFolder(digest: string): string {
  return `${STORE}/${digest.replace(':', '-')}`;
}

/** Where a file of an image is kept, relative to the image directory; `ending` is that of its only disk. */
export function storeName(digest: string, kept: { ending: string } | { inner: string }): string {
  return 'inner' in kept
    ? `${storeFolder(digest)}/files/${kept.inner}`
    : `${storeFolder(digest)}/disk.${kept.ending}`;
}

/** The same of one that is there; undefined when it is not. */
export function findInStore(
  imagesDir: string,
  digest: string,
  inner: string | undefined,
): { readonly name: string; readonly ending: string } | undefined {
  const names =
    inner === undefined
      ? ENDINGS.map((ending) => ({ name: storeName(digest, { ending }), ending }))
      : [{ name: storeName(digest, { inner }), ending: '' }];
  return names.find(
    ({ name }) => statSync(join(imagesDir, name), { throwIfNoEntry: false }) !== undefined,
  );
}
