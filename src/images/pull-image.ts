/** Gets a container image and puts the disk in it where a containerDisk of that name is looked for. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ImageReference,
  imageBase,
  parseImageReference,
  registryName,
} from '../core/manifest/image-reference.ts';
import { checkInnerPath } from '../core/manifest/names.ts';
import { ImageError } from './image-error.ts';
import { makeFromImage } from './make-from-image.ts';
import { type Bench, linkInPlace, openBench, putInPlace } from './place-image.ts';
import type { PullRequest, PullWatcher } from './pull-request.ts';
import { inspectWithSkopeo } from './skopeo.ts';
import { type FoundImage, findInStore, lookForImage, STORE, storeName } from './store.ts';

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
  const before = lookForImage(imagesDir, request.reference, inner);
  // What a digest names never changes.
  if (before !== undefined && reference.digest !== undefined)
    return { file: before.path, fetched: false };
  await using bench = await openBench(imagesDir, imageBase(reference), watcher);
  const now = lookForImage(imagesDir, request.reference, inner);
  const isNew = now?.digest !== before?.digest || now?.path !== before?.path;
  if (bench.waited && now !== undefined && isNew) return { file: now.path, fetched: false };
  const pull: Pull = { request, reference, inner, bench, watcher, now };
  return request.from === undefined ? await fromRegistry(pull) : await make(pull, undefined);
}

interface Pull {
  readonly request: PullRequest;
  readonly reference: ImageReference;
  readonly inner: string | undefined;
  readonly bench: Bench;
  readonly watcher: PullWatcher;
  /** What has the name so far. */
  readonly now: FoundImage | undefined;
}

/** What the name stands for is asked first: the image may be here, under this name or another. */
async function fromRegistry(pull: Pull): Promise<Pulled> {
  const { request, reference, inner, watcher, now } = pull;
  const { reference: name, imagesDir, authFile, insecure } = request;
  const source = `docker://${registryName(reference)}`;
  // What a digest names is held against it as it comes.
  const { digest, bytes } =
    reference.digest === undefined
      ? await inspectWithSkopeo({
          ...{ source, name, insecure, signal: watcher.signal },
          ...(authFile !== undefined && { authFile }),
        })
      : { digest: reference.digest, bytes: undefined };
  if (now?.digest === digest) return { file: now.path, fetched: false };
  const kept = findInStore(imagesDir, digest, inner);
  if (kept !== undefined) return { file: await giveName(pull, kept), fetched: false };
  const { signal, onWait } = watcher;
  const onBytes = (count: number): void => watcher.onBytes(count, bytes);
  return await make({ ...pull, watcher: { signal, onWait, onBytes } }, digest);
}

/** @param digest what it is to be; undefined for what is on disk */
async function make(pull: Pull, digest: string | undefined): Promise<Pulled> {
  const { request, reference, inner, bench, watcher } = pull;
  const wanted = { ...reference, ...(digest === undefined ? {} : { digest }) };
  const made = await makeFromImage(wanted, { request, inner, bench, watcher });
  refuseBeside(pull, made.ending);
  const kept = { name: storeName(made.digest, inner === undefined ? made : { inner }), ...made };
  // Nobody clears away what has no name yet.
  await using _ = await openBench(request.imagesDir, STORE, watcher);
  await putInPlace(request.imagesDir, made.file, kept.name);
  return { file: await giveName(pull, kept), fetched: true };
}

/** Gives what is in the store the name of the image. @returns its path */
async function giveName(
  pull: Pull,
  { name: to, ending }: { readonly name: string; readonly ending: string },
): Promise<string> {
  const { request, bench, now } = pull;
  const { imagesDir } = request;
  const name = targetOf(pull, ending);
  refuseBeside(pull, ending);
  const file = await linkInPlace(imagesDir, { name, to, bench: bench.directory });
  // It may end otherwise now.
  if (now?.digest !== undefined && now.path !== file) await rm(now.path);
  return file;
}

function targetOf({ reference, inner }: Pull, ending: string): string {
  const base = imageBase(reference);
  return inner === undefined ? `${base}.${ending}` : `${base}/${inner}`;
}

/** Somebody's own file would be taken first, or never again. */
function refuseBeside(pull: Pull, ending: string): void {
  const { request, now } = pull;
  const name = targetOf(pull, ending);
  if (now === undefined || now.digest !== undefined || now.path === join(request.imagesDir, name))
    return;
  throw new ImageError(
    `${request.reference} is there as ${now.path}, and what was pulled would be ${name} beside it`,
    { hint: `Remove it first: solovirt images remove ${request.reference}` },
  );
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
