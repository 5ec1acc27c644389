/**
 * Makes the disk of one data volume. It appears complete under its name or not at all: everything is made in hidden files
 * beside it, and what was downloaded is kept for the next try.
 */
import { chmod, mkdir, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { claimFiles } from '../core/claims.ts';
import { diskKind, HEAD_BYTES } from '../core/images/disk-format.ts';
import type { DataVolume, DataVolumeContents } from '../core/model/storage.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import { findClaim } from './claim-disk.ts';
import { type ConvertOptions, type Copy, convertImage } from './convert-image.ts';
import { download, forget } from './download.ts';
import { filesBelow, readHead } from './image-chain.ts';
import { findAllowed, type Image, readImage } from './image-file.ts';
import { createHostDisk, publish } from './overlay.ts';
import { checkNewFile, type Roots } from './path-policy.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';
import { isWholeQcow2 } from './qemu-img.ts';
import { unpack } from './unpack.ts';

export interface MakeOptions extends ConvertOptions {
  /**
   * Has the disk of a container image here.
   * @param secret of the VM's namespace
   * @returns its path, below the image directory
   */
  readonly bring: (image: string, secret: string | undefined) => Promise<string>;
}

/** What a disk is made from without anybody's help. */
export type MadeVolume = Omit<DataVolume, 'contents'> & { readonly contents: MadeContents };
export type MadeContents = Exclude<DataVolumeContents, { readonly kind: 'upload' }>;

/** @throws PrepareError, or whatever the signal was aborted with */
export async function makeDataVolume(
  vm: Pick<VirtualMachine, 'namespace' | 'name'>,
  { name, sizeBytes, contents }: MadeVolume,
  options: MakeOptions,
): Promise<void> {
  options.signal.throwIfAborted();
  const [file] = claimFiles(vm, name);
  const path = join(options.imagesDir, file.path);
  await makeFolder(options.imagesDir, dirname(path));
  await checkNewFile(path, options);
  const copy = (source: Omit<Copy, 'target'>): Promise<void> =>
    intoPlace(path, (target) => convertImage({ ...source, target }, options));
  switch (contents.kind) {
    case 'blank':
      if (sizeBytes !== undefined) await createHostDisk(path, 'qcow2', sizeBytes);
      return;
    case 'claim': {
      const { namespace, claim } = contents;
      const source = await findClaim({ namespace, name: vm.name }, claim, 'read', options);
      await copy({ source: await readImage(source, source.format), sizeBytes });
      return;
    }
    case 'registry': {
      const found = await options.bring(contents.image, contents.secret);
      // By its real name: the other may come to stand for another image.
      const image = await findAllowed(found, 'read', options);
      if (image === undefined) throw new PrepareError(`${found} is gone`);
      await copy({ source: await readImage(image), sizeBytes });
      return;
    }
    case 'http': {
      const kept = beside(path, 'download');
      await download({ ...contents, to: kept }, options);
      await makeFromFile(path, kept, sizeBytes, options);
      await forget(kept);
      return;
    }
  }
}

/**
 * Makes a disk of what somebody sends.
 * @param content the image, as long as it likes
 * @returns the path of the disk
 * @throws PrepareError, what `content` throws, or whatever the signal was aborted with
 */
export async function takeUpload(
  vm: Pick<VirtualMachine, 'namespace'>,
  claim: string,
  content: AsyncIterable<Uint8Array>,
  options: Omit<MakeOptions, 'bring'> & { readonly sizeBytes: number | undefined },
): Promise<string> {
  const [file] = claimFiles(vm, claim);
  const path = join(options.imagesDir, file.path);
  await makeFolder(options.imagesDir, dirname(path));
  await checkNewFile(path, options);
  const received = beside(path, 'upload');
  try {
    await receive(content, received, options.signal);
    await makeFromFile(path, received, options.sizeBytes, options);
    return path;
  } finally {
    await rm(received, { force: true });
  }
}

async function receive(
  content: AsyncIterable<Uint8Array>,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  await using handle = await open(to, 'w', 0o600);
  for await (const chunk of content) {
    signal.throwIfAborted();
    await handle.writev([chunk]).catch((cause: unknown) => {
      throw new PrepareError(`cannot write ${to}: ${reasonOf(cause)}`, { cause });
    });
  }
}

async function makeFromFile(
  path: string,
  received: string,
  sizeBytes: number | undefined,
  options: Omit<MakeOptions, 'bring'>,
): Promise<void> {
  const unpacked = beside(path, 'unpacked');
  try {
    const image = await unpack(received, unpacked, options.signal);
    const source = await readForeign(image, options);
    await intoPlace(path, (target) => convertImage({ source, sizeBytes, target }, options));
  } finally {
    await rm(unpacked, { force: true });
  }
}

/**
 * An image from elsewhere stands alone: nobody knows whose the files are that it may name. Whatever has no mark is a raw disk, so
 * that what is plainly something else, such as a web page, is told here: a claim that has a disk keeps it.
 */
async function readForeign(
  path: string,
  options: Roots & Pick<MakeOptions, 'signal'>,
): Promise<Image> {
  const kind = diskKind(await readHead(path, HEAD_BYTES), (await stat(path)).size);
  if (!kind.ok)
    throw new PrepareError(
      `what came is ${kind.what}; a disk is raw or qcow2, plain or packed with gzip, xz or zstd`,
    );
  const image = await readImage({ path, blockDevice: false });
  const [other] = await filesBelow(image, options);
  if (other !== undefined) throw new PrepareError(`what came builds on another file, ${other}`);
  if (image.format === 'qcow2' && !(await isWholeQcow2(path, options.signal)))
    throw new PrepareError(
      'what came is a damaged qcow2, which was cut off, perhaps: `qemu-img check` tells more',
    );
  return image;
}

/** Others on the host may pass through to their own disks, and look at nothing. */
async function makeFolder(imagesDir: string, folder: string): Promise<void> {
  for (const dir of [dirname(folder), folder]) {
    const made = await mkdir(dir, { recursive: true, mode: 0o771 }).catch((cause: unknown) => {
      throw new PrepareError(`cannot make the directory ${dir}: ${reasonOf(cause)}`, { cause });
    });
    if (made === undefined || !made.startsWith(imagesDir)) continue;
    // Past the umask; the set-group-ID bit, which it has from above, stays.
    await chmod(dir, ((await stat(dir)).mode & 0o7000) | 0o771);
  }
}

/** @param make writes the file that it is given, which is there and empty */
async function intoPlace(path: string, make: (target: string) => Promise<void>): Promise<void> {
  const target = beside(path, 'unfinished');
  try {
    await rm(target, { force: true });
    await (await open(target, 'wx', 0o660)).close();
    await make(target);
    const handle = await open(target, 'r+');
    await handle.sync().finally(() => handle.close());
    await publish(target, path);
  } finally {
    await rm(target, { force: true });
  }
}

/** Hidden, so that nobody takes it for a claim. */
function beside(path: string, ending: string): string {
  return join(dirname(path), `.${basename(path)}.${ending}`);
}
