/** Gets the file of one disk ready. What a guest may write is never probed for its format. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { isOfRegistry } from '../core/images/pull-plan.ts';
import { imageFileCandidates } from '../core/manifest/image-reference.ts';
import type { DiskCache, DiskSource, DiskSpec } from '../core/model/storage.ts';
import type { ImageFormat, PreparedDisk } from '../core/qemu-args/input.ts';
import { findClaim } from './claim-disk.ts';
import { filesBelow } from './image-chain.ts';
import { canDoDirectIo, type DiskFile, findAllowed, type Image, readImage } from './image-file.ts';
import { type MadeFor, madeImage } from './made-image.ts';
import { createFile, createHostDisk, createOverlay, createScratchDisk } from './overlay.ts';
import { checkNewFile, type Roots } from './path-policy.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';

/** Where an instance's files come from and go to: absolute paths. */
export interface Directories extends Roots {
  readonly instanceDir: string;
}

interface PlacedDisk extends DiskFile {
  readonly format: ImageFormat;
  /** The files below, from the next one down: QEMU opens them with the same cache mode. */
  readonly below: readonly string[];
}

/** @throws PrepareError, without the disk's name in it */
export async function prepareDisk(
  spec: DiskSpec,
  where: Directories,
  made: MadeFor,
): Promise<PreparedDisk> {
  const readonly = spec.readonly || spec.device === 'cdrom';
  const placed = await placeDisk(spec, readonly, where, made);
  refuseUnfit(spec, placed);
  return {
    name: spec.name,
    file: placed.path,
    format: placed.format,
    readonly,
    cache: await chooseCache(spec, placed),
    ...(spec.io === undefined ? {} : { io: spec.io }),
    ...(placed.below.length === 0 ? {} : { below: placed.below }),
    ...(placed.blockDevice ? { blockDevice: true } : {}),
  };
}

/** Looks where a launch would look, and makes nothing. @throws PrepareError, as `prepareDisk` would */
export async function checkDisk(spec: DiskSpec, roots: Roots, made: MadeFor): Promise<void> {
  const { source } = spec;
  const readonly = spec.readonly || spec.device === 'cdrom';
  switch (source.kind) {
    case 'containerDisk': {
      const image = await findImage(source, roots);
      const below = await filesBelow(image, roots);
      await chooseCache(spec, { ...image, below });
      return;
    }
    case 'claim': {
      const { claim, ephemeral } = source;
      const wanted = readonly || ephemeral ? 'read' : 'write';
      const disk = await findClaim(made.vm, claim, wanted, roots);
      refuseUnfit(spec, disk);
      await chooseCache(spec, await withBelow(disk, roots));
      return;
    }
    case 'hostDisk': {
      const format = hostDiskFormat(source.path);
      const present = await findHostDisk(source, readonly, roots);
      if (present !== undefined) {
        const disk = { ...present, format };
        refuseUnfit(spec, disk);
        return void (await chooseCache(spec, await withBelow(disk, roots)));
      }
      await access(dirname(source.path), constants.W_OK).catch((cause: unknown) => {
        throw new PrepareError(`cannot create ${source.path}: ${reasonOf(cause)}`, { cause });
      });
      return;
    }
    case 'emptyDisk':
      return;
    case 'cloudInit':
    case 'objectData':
      return void madeImage(source, made);
  }
}

/** What only the file tells. */
function refuseUnfit(
  { device, shareable }: DiskSpec,
  { path, format, blockDevice }: Pick<PlacedDisk, 'path' | 'format' | 'blockDevice'>,
): void {
  if (device === 'lun' && !(blockDevice && format === 'raw'))
    throw new PrepareError(`a lun is a raw block device, and ${path} is a file; use disk for it`);
  if (shareable === true && format !== 'raw')
    throw new PrepareError(
      `${path} is a ${format} image, whose tables two guests would destroy; what is shareable is raw`,
    );
}

async function placeDisk(
  { name, source }: DiskSpec,
  readonly: boolean,
  where: Directories,
  made: MadeFor,
): Promise<PlacedDisk> {
  switch (source.kind) {
    case 'containerDisk': {
      const image = await findImage(source, where);
      const below = await filesBelow(image, where);
      if (readonly) return { ...image, below };
      return overlay(name, { ...image, below }, where);
    }
    case 'claim':
      return await placeClaim(name, source, readonly, where, made);
    case 'hostDisk':
      return await placeHostDisk(source, readonly, where);
    case 'emptyDisk': {
      const path = instanceDisk(where.instanceDir, name, 'qcow2');
      createScratchDisk(path, source.capacityBytes);
      return { path, format: 'qcow2', blockDevice: false, below: [] };
    }
    case 'cloudInit':
    case 'objectData': {
      const path = instanceDisk(where.instanceDir, name, 'iso');
      createFile(path, madeImage(source, made));
      return { path, format: 'raw', blockDevice: false, below: [] };
    }
  }
}

async function placeClaim(
  name: string,
  { claim, ephemeral }: Extract<DiskSource, { kind: 'claim' }>,
  readonly: boolean,
  where: Directories,
  { vm }: MadeFor,
): Promise<PlacedDisk> {
  const disk = await findClaim(vm, claim, readonly || ephemeral ? 'read' : 'write', where);
  const placed = await withBelow(disk, where);
  if (!ephemeral || readonly) return placed;
  return overlay(name, { ...placed, ...(await readImage(disk, disk.format)) }, where);
}

function overlay(
  name: string,
  base: Image & Pick<PlacedDisk, 'below'>,
  { instanceDir }: Directories,
): PlacedDisk {
  const path = instanceDisk(instanceDir, name, 'qcow2');
  createOverlay(path, base);
  return { path, format: 'qcow2', blockDevice: false, below: [base.path, ...base.below] };
}

function instanceDisk(instanceDir: string, name: string, ending: 'qcow2' | 'iso'): string {
  if (name === '' || /[/\0]/.test(name))
    throw new PrepareError(`${JSON.stringify(name)} cannot be the name of a file`);
  return join(instanceDir, `${name}.${ending}`);
}

async function findImage(
  { image, path }: Extract<DiskSource, { kind: 'containerDisk' }>,
  roots: Roots,
): Promise<Image> {
  const { imagesDir } = roots;
  const candidates = imageFileCandidates(image, path);
  const [preferred] = candidates;
  if (preferred === undefined)
    throw new PrepareError(
      `${JSON.stringify(image)}${path === undefined ? '' : ` with the path ${JSON.stringify(path)}`} does not name an image`,
    );
  for (const candidate of candidates) {
    const file = await findAllowed(join(imagesDir, candidate), 'read', roots);
    if (file !== undefined) return await readImage(file);
  }
  // By hand, what a registry is not named for would be looked for at Docker Hub.
  const command = isOfRegistry(image) ? `pull ${image}` : `import FILE ${image}`;
  throw new PrepareError(
    `the image ${image} is not in the image directory: put it at ${join(imagesDir, preferred)}, or get it with \`solovirt images ${command}\` (looked for ${candidates.join(', ')} in ${imagesDir})`,
  );
}

type HostDisk = Extract<DiskSource, { kind: 'hostDisk' }>;

function hostDiskFormat(path: string): ImageFormat {
  return path.endsWith('.qcow2') ? 'qcow2' : 'raw';
}

/** The file; undefined when it is to be created and may be. @throws PrepareError */
async function findHostDisk(
  { path, create, capacityBytes }: HostDisk,
  readonly: boolean,
  roots: Roots,
): Promise<DiskFile | undefined> {
  if (!isAbsolute(path)) throw new PrepareError(`the path ${path} must be absolute`);
  const present = await findAllowed(path, readonly ? 'read' : 'write', roots);
  if (present !== undefined) return present;
  await checkNewFile(path, roots);
  if (!create)
    throw new PrepareError(
      `${path} does not exist: create it, or use type DiskOrCreate with a capacity`,
    );
  if (capacityBytes === undefined)
    throw new PrepareError(`${path} does not exist, and without a capacity it cannot be created`);
  return undefined;
}

async function placeHostDisk(
  source: HostDisk,
  readonly: boolean,
  roots: Roots,
): Promise<PlacedDisk> {
  const { path, capacityBytes = 0 } = source;
  const format = hostDiskFormat(path);
  const present = await findHostDisk(source, readonly, roots);
  if (present !== undefined) return await withBelow({ ...present, format }, roots);
  await createHostDisk(path, format, capacityBytes);
  const created = await findAllowed(path, readonly ? 'read' : 'write', roots);
  if (created === undefined) throw new PrepareError(`${path} vanished while it was created`);
  return await withBelow({ ...created, format }, roots);
}

async function withBelow(
  file: DiskFile & { readonly format: ImageFormat },
  roots: Roots,
): Promise<PlacedDisk> {
  return { ...file, below: await filesBelow(file, roots) };
}

/** KubeVirt's rule: no host cache where the file systems can do without, else every write at once. */
async function chooseCache({ cache: wanted, io }: DiskSpec, disk: PlacedDisk): Promise<DiskCache> {
  if (wanted !== undefined && wanted !== 'none') return wanted;
  const files = [disk.path, ...disk.below];
  const direct = await Promise.all(files.map(canDoDirectIo));
  const cached = files.filter((_, index) => direct[index] === false);
  if (cached.length === 0) return 'none';
  if (wanted === undefined && io !== 'native') return 'writethrough';
  const needed = wanted === undefined ? 'io "native"' : 'cache "none"';
  throw new PrepareError(
    `${needed} needs direct I/O, which is not possible for ${cached.join(' and ')}; use writethrough or writeback${io === 'native' ? ' without io: native' : ''}`,
  );
}
