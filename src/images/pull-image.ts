/** Gets a container image and puts the disk in it where a containerDisk of that name is looked for. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseOciManifest } from '../core/images/oci-manifest.ts';
import {
  type ImageReference,
  imageBase,
  imageFileCandidates,
  parseImageReference,
  registryName,
} from '../core/manifest/image-reference.ts';
import { checkInnerPath } from '../core/manifest/names.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { checkDisk, checkReferences } from './check-disk.ts';
import { findInLayers } from './find-in-layers.ts';
import { ImageError } from './image-error.ts';
import { type Bench, lookAt, openBench, putInPlace } from './place-image.ts';
import { fetchWithSkopeo } from './skopeo.ts';

export interface PullRequest {
  readonly reference: string;
  readonly imagesDir: string;
  /** An archive or layout on disk in place of the registry: a path, or what containers-transports(5) has for one. */
  readonly from?: string;
  /** The file of the image that is wanted; without it, the only one below `/disk`. */
  readonly path?: string;
  readonly authFile?: string;
  readonly insecure: boolean;
  /** What may come, and what may come out of it, in bytes. */
  readonly maxBytes: number;
}

export interface PullWatcher {
  readonly signal: AbortSignal;
  /** Another command pulls the same image. */
  readonly onWait: () => void;
  readonly onBytes: (bytes: number) => void;
}

export interface Pulled {
  readonly file: string;
  /** False when it was there already, or another command brought it. */
  readonly fetched: boolean;
}

/** @throws ImageError */
export async function pullImage(request: PullRequest, watcher: PullWatcher): Promise<Pulled> {
  const reference = readReference(request.reference);
  const inner = readInnerPath(request);
  const { imagesDir } = request;
  const before = await present(request, inner);
  // What a digest names never changes.
  if (before !== undefined && reference.digest !== undefined)
    return { file: before, fetched: false };
  const seen = await identity(before);
  await using bench = await openBench(imagesDir, imageBase(reference), watcher);
  const now = await present(request, inner);
  if (bench.waited && now !== undefined && (await identity(now)) !== seen)
    return { file: now, fetched: false };
  const name = await make(reference, { request, inner, bench, watcher });
  if (now !== undefined && now !== join(imagesDir, name.target))
    throw new ImageError(
      `${request.reference} is there as ${now}, and what was pulled would be ${name.target} beside it`,
      { hint: `Remove it first: solovirt images remove ${request.reference}` },
    );
  return { file: await putInPlace(imagesDir, name.made, name.target), fetched: true };
}

/** @throws ImageError */
export function readReference(text: string): ImageReference {
  const parsed = parseImageReference(text);
  if (parsed.ok) return parsed.reference;
  throw new ImageError(`${JSON.stringify(text)} is not the name of an image: ${parsed.message}`);
}

function readInnerPath({ path }: PullRequest): string | undefined {
  if (path === undefined) return undefined;
  const inner = path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  const wrong = inner === '' ? `${JSON.stringify(path)} names no file` : checkInnerPath(path);
  if (wrong === undefined) return inner;
  throw new ImageError(`the path in the image: ${wrong}`);
}

/** The file that a VM would get now. */
async function present(
  { reference, imagesDir }: PullRequest,
  inner: string | undefined,
): Promise<string | undefined> {
  for (const candidate of imageFileCandidates(reference, inner)) {
    const file = join(imagesDir, candidate);
    if ((await lookAt(file)) !== undefined) return file;
  }
  return undefined;
}

/** Changes whenever another file takes the place. */
async function identity(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const { ino, ctimeMs } = await stat(file);
  return `${ino} ${ctimeMs}`;
}

interface Making {
  readonly request: PullRequest;
  readonly inner: string | undefined;
  readonly bench: Bench;
  readonly watcher: PullWatcher;
}

/** @returns the whole file, and where it belongs in the image directory */
async function make(
  reference: ImageReference,
  { request, inner, bench, watcher }: Making,
): Promise<{ readonly made: string; readonly target: string }> {
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
    // A registry's answer skopeo has checked, also where the digest is that of a list for several architectures.
    const layers = await readLayers(
      image,
      request.from === undefined ? undefined : reference.digest,
    );
    const made = join(bench.directory, 'disk');
    const path = await findInLayers(layers, {
      ...(inner === undefined ? {} : { path: inner }),
      target: made,
      budget: { limit: maxBytes, left: maxBytes },
      signal,
    });
    const base = imageBase(reference);
    const what = `/${path} in it`;
    // A kernel may be asked for by its path as well as a disk.
    if (inner === undefined) return { made, target: `${base}.${await checkDisk(made, what)}` };
    await checkReferences(made, what);
    return { made, target: `${base}/${inner}` };
  } catch (cause) {
    if (signal.aborted) throw cause;
    const hint = cause instanceof ImageError ? cause.hint : undefined;
    throw new ImageError(`${request.reference}: ${reasonOf(cause)}`, { cause, hint });
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
 * @param digest what the manifest has to have; undefined when that is known
 */
async function readLayers(image: string, digest: string | undefined): Promise<readonly string[]> {
  const text = await readFile(join(image, 'manifest.json'));
  const [algorithm = '', wanted] = digest?.split(':') ?? [];
  const found = digest === undefined ? undefined : createHash(algorithm).update(text).digest('hex');
  if (found !== wanted)
    throw new ImageError(
      `what is there has the digest ${algorithm}:${found}, so it is another image`,
    );
  const manifest = parseOciManifest(text.toString('utf8'));
  if (!manifest.ok) throw new ImageError(manifest.message);
  return manifest.layers.map((layer) => join(image, layer));
}
