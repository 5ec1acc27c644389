/** Which VMs use which files of the image directory, by their own files. Needs no daemon. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { claimFiles } from '../core/claims.ts';
import { imageFileCandidates } from '../core/manifest/image-reference.ts';
import { parseManifests } from '../core/manifest/parse.ts';
import type { KernelSource } from '../core/model/machine.ts';
import type { DataVolume, DiskSource } from '../core/model/storage.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import { errorCode } from '../core/thrown.ts';
import { readManifest } from '../host/read-manifest.ts';
import { isManifestName } from '../host/vm-directory-names.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import { ImageError } from './image-error.ts';
import { type RunningUse, runningUses } from './running-uses.ts';

export interface ImageUsers {
  /** `NAME` or `NAMESPACE/NAME` of VMs by paths in the image directory that they would take if they were there. */
  readonly byPath: ReadonlyMap<string, readonly string[]>;
  /** Files that could not be understood as a whole, with their text: what they name is not known. */
  readonly unclear: readonly { readonly file: string; readonly text: string }[];
  /** What guests that run have opened, whatever has become of their files. */
  readonly running: readonly RunningUse[];
}

/**
 * @param stateDir where the daemon keeps its instances; undefined: there are none
 * @throws ImageError when a directory cannot be read; one that is missing has no VMs
 */
export async function readUsers(
  vmsDir: string,
  imagesDir: string,
  stateDir?: string,
): Promise<ImageUsers> {
  const byPath = new Map<string, string[]>();
  const unclear: { file: string; text: string }[] = [];
  for (const file of await manifestFiles(vmsDir)) {
    const read = await readManifest(file);
    if (!read.ok) {
      if (read.code === 'not-found' || read.code === 'not-a-file') continue;
      throw new ImageError(`which images are in use cannot be told: ${read.message}`);
    }
    const { documents, problems } = parseManifests(read.text);
    const isBroken = [...problems, ...documents.flatMap((document) => document.problems)].some(
      ({ severity }) => severity === 'error',
    );
    if (isBroken) unclear.push({ file, text: read.text });
    for (const { vm } of documents) if (vm !== undefined) add(byPath, vm, imagesDir);
  }
  const running = stateDir === undefined ? [] : await runningUses(stateDir, imagesDir);
  return { byPath, unclear, running };
}

async function manifestFiles(vmsDir: string): Promise<readonly string[]> {
  try {
    return (await readdir(vmsDir)).filter(isManifestName).map((name) => join(vmsDir, name));
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return [];
    throw new ImageError(`the VM files in ${vmsDir} cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

function add(byPath: Map<string, string[]>, vm: VirtualMachine, imagesDir: string): void {
  const name = vm.namespace === 'default' ? vm.name : `${vm.namespace}/${vm.name}`;
  for (const path of new Set(pathsOf(vm, imagesDir)))
    byPath.set(path, [...(byPath.get(path) ?? []), name]);
}

function pathsOf(vm: VirtualMachine, imagesDir: string): readonly string[] {
  const { disks, kernelBoot } = vm.template.spec;
  return [
    ...(vm.dataVolumes ?? []).flatMap((volume) => volumePaths(vm, volume, imagesDir)),
    ...disks.flatMap(({ source }) => diskPaths(source, imagesDir)),
    ...(kernelBoot === undefined ? [] : kernelPaths(kernelBoot.source)),
  ];
}

/** A disk that is made needs its image no more. */
function volumePaths(
  vm: VirtualMachine,
  { name, contents }: DataVolume,
  imagesDir: string,
): readonly string[] {
  if (contents.kind !== 'registry') return [];
  const isMade = claimFiles(vm, name).some(({ path }) => existsSync(join(imagesDir, path)));
  return isMade ? [] : imageFileCandidates(contents.image);
}

function diskPaths(source: DiskSource, imagesDir: string): readonly string[] {
  switch (source.kind) {
    case 'containerDisk':
      return imageFileCandidates(source.image, source.path);
    case 'hostDisk':
      return [relative(imagesDir, source.path)];
    case 'emptyDisk':
    case 'claim':
    case 'cloudInit':
    case 'objectData':
      return [];
  }
}

function kernelPaths(source: KernelSource): readonly string[] {
  const paths = [source.kernelPath, source.initrdPath].filter((path) => path !== undefined);
  return source.kind === 'files'
    ? paths
    : paths.flatMap((path) => imageFileCandidates(source.image, path));
}
