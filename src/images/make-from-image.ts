/** Fetches a container image onto a bench and gets the one wanted file out of it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseOciManifest } from '../core/images/oci-manifest.ts';
import { type ImageReference, registryName } from '../core/manifest/image-reference.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { checkDisk, checkReferences } from './check-disk.ts';
import { findInLayers } from './find-in-layers.ts';
import { ImageError } from './image-error.ts';
import { type Bench, lookAt, settle } from './place-image.ts';
import type { PullRequest, PullWatcher } from './pull-request.ts';
import { fetchWithSkopeo } from './skopeo.ts';

interface Making {
  readonly request: PullRequest;
  readonly inner: string | undefined;
  readonly bench: Bench;
  readonly watcher: PullWatcher;
}

export interface Made {
  /** On the bench, whole and on the disk. */
  readonly file: string;
  /** What such a disk's name ends in; empty for a file of a given path. */
  readonly ending: string;
  /** Of the image. */
  readonly digest: string;
}

/** @throws ImageError */
export async function makeFromImage(
  reference: ImageReference,
  { request, inner, bench, watcher }: Making,
): Promise<Made> {
  const { authFile, insecure, maxBytes } = request;
  const { signal, onBytes } = watcher;
  const image = await fetchWithSkopeo({
    source: await sourceOf(reference, request.from),
    name: request.reference,
    directory: bench.directory,
    ...(authFile === undefined ? {} : { authFile }),
    insecure,
    maxBytes,
    signal,
    onBytes,
  });
  try {
    const { layers, digest } = await readManifest(image, request.from, reference.digest);
    const made = join(bench.directory, 'disk');
    const path = await findInLayers(layers, {
      ...(inner === undefined ? {} : { path: inner }),
      target: made,
      budget: { limit: maxBytes, left: maxBytes },
      signal,
    });
    await settle(made);
    const what = `/${path} in it`;
    if (inner === undefined) return { file: made, ending: await checkDisk(made, what), digest };
    // A kernel may be asked for by its path as well as a disk.
    await checkReferences(made, what);
    return { file: made, ending: '', digest };
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { hint } = cause instanceof ImageError ? cause : {};
    const message = `${request.reference}: ${reasonOf(cause)}`;
    throw new ImageError(message, { cause, hint, trouble: 'damaged' });
  }
}

/** @param from the user's words for a place on disk */
async function sourceOf(reference: ImageReference, from: string | undefined): Promise<string> {
  if (from === undefined) return `docker://${registryName(reference)}`;
  if (/^(?:oci|oci-archive|docker-archive|dir):/.test(from)) return from;
  const found = await lookAt(from);
  if (found === undefined) throw new ImageError(`${from} does not exist, or cannot be looked at`);
  if (!found.isDirectory()) return `oci-archive:${from}`;
  if ((await lookAt(join(from, 'oci-layout'))) !== undefined) return `oci:${from}`;
  throw new ImageError(`${from} is no OCI layout: it has no file oci-layout`);
}

/**
 * The layers' files, as the transport `dir:` has them: each by its digest.
 * @param wanted the image's digest. A registry's answer skopeo has held against it, also where it is that of a list for several
 *   architectures; what is on disk is held against it here
 */
async function readManifest(
  image: string,
  from: string | undefined,
  wanted: string | undefined,
): Promise<{ readonly layers: readonly string[]; readonly digest: string }> {
  const text = await readFile(join(image, 'manifest.json'));
  const [algorithm = 'sha256'] = wanted?.split(':') ?? [];
  const found = `${algorithm}:${createHash(algorithm).update(text).digest('hex')}`;
  if (from !== undefined && wanted !== undefined && found !== wanted)
    throw new ImageError(`what is there has the digest ${found}, so it is another image`);
  const manifest = parseOciManifest(text.toString('utf8'));
  if (!manifest.ok) throw new ImageError(manifest.message);
  const digest = from === undefined ? (wanted ?? found) : found;
  return { layers: manifest.layers.map((layer) => join(image, layer)), digest };
}
