/** Directories and images for the tests of image preparation, and what qemu-img says about the result. */
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { DiskSpec } from '../../src/core/model/storage.ts';
import type { VmIdentity } from '../../src/core/model/virtual-machine.ts';
import type { PreparedDisk } from '../../src/core/qemu-args/input.ts';
import type { ValuesOf } from '../../src/qemu/made-image.ts';
import { type PreparedInstance, prepareInstance } from '../../src/qemu/prepare.ts';
import { PrepareError } from '../../src/qemu/prepare-error.ts';
import { aDisk, aSpec } from '../unit/core/qemu-args/builders.ts';

export const MIB = 1024 * 1024;

export interface Place extends AsyncDisposable {
  readonly vm: VmIdentity;
  readonly values: ValuesOf;
  readonly root: string;
  readonly imagesDir: string;
  readonly instanceDir: string;
  readonly diskRoots: readonly string[];
}

/** An empty image directory and an instance directory inside a directory of this name. */
export async function place(name = 'p'): Promise<Place> {
  const temp = await mkdtemp(join(tmpdir(), 'prep-'));
  const root = join(temp, name);
  const imagesDir = join(root, 'images');
  const instanceDir = join(root, 'instance');
  await mkdir(imagesDir, { recursive: true });
  await mkdir(instanceDir);
  return {
    vm: { namespace: 'default', name: 'web' },
    values: () => undefined,
    root,
    imagesDir,
    instanceDir,
    diskRoots: ['/'],
    [Symbol.asyncDispose]: () => rm(temp, { recursive: true, force: true }),
  };
}

export async function rawImage(path: string, bytes: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'raw image');
  await truncate(path, bytes);
  return path;
}

export async function qcow2Image(path: string, bytes: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(bytes)]);
  return path;
}

export function containerDisk(changes: Partial<DiskSpec> = {}, path?: string): DiskSpec {
  return aDisk({
    source: { kind: 'containerDisk', image: 'demo:1', ...(path === undefined ? {} : { path }) },
    ...changes,
  });
}

export function hostDisk(
  path: string,
  create?: number | 'without capacity',
  changes: Partial<DiskSpec> = {},
): DiskSpec {
  return aDisk({
    source: {
      kind: 'hostDisk',
      path,
      create: create !== undefined,
      ...(typeof create === 'number' ? { capacityBytes: create } : {}),
    },
    ...changes,
  });
}

export function prepareDisks(where: Place, ...disks: DiskSpec[]): Promise<PreparedInstance> {
  return prepareInstance(aSpec({ disks }), where);
}

/** The one disk of a spec. */
export async function prepareOne(where: Place, disk: DiskSpec): Promise<PreparedDisk> {
  const { disks } = await prepareDisks(where, disk);
  const [prepared] = disks;
  if (prepared === undefined) throw new Error('no disk was prepared');
  return prepared;
}

/** The message of the PrepareError that this ends with. */
export async function refusal(preparing: Promise<unknown>): Promise<string> {
  const error = await preparing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrepareError)) throw new Error('no PrepareError', { cause: error });
  return error.message;
}

export interface ImageInfo {
  readonly format: string;
  readonly 'virtual-size': number;
  readonly 'full-backing-filename'?: string;
  readonly 'backing-filename-format'?: string;
}

export async function imageInfo(path: string): Promise<ImageInfo> {
  const { stdout } = await execa('qemu-img', ['info', '--output=json', path]);
  return JSON.parse(stdout);
}

/** Fails when qemu-img finds anything wrong. */
export async function checkImage(path: string): Promise<void> {
  await execa('qemu-img', ['check', '-f', 'qcow2', path]);
}
