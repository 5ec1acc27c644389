/** Finds the directories that a guest shares with the host, and makes those that are made for the instance. */
import { constants, existsSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { claimDirectory, claimFiles } from '../core/claims.ts';
import type { FilesystemSource, FilesystemSpec } from '../core/model/storage.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { filesystemPaths, type InstancePaths } from '../core/paths.ts';
import type { Virtiofsd } from '../core/qemu-args/filesystems.ts';
import type { PreparedFilesystem } from '../core/qemu-args/input.ts';
import { findVirtiofsd } from './find-virtiofsd.ts';
import { type MadeFor, valuesOfObject } from './made-image.ts';
import { createFile } from './overlay.ts';
import { allowedFile, type Roots } from './path-policy.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';

export interface FilesystemsInput {
  readonly filesystems: readonly FilesystemSpec[];
  readonly paths: Pick<InstancePaths, 'dir' | 'runtimeDir'>;
  readonly roots: Roots;
  readonly made: MadeFor;
  /** Makes a directory in the instance's that a companion gets into. */
  readonly makeStateDir: (dir: string) => void;
}

export interface PreparedFilesystems {
  /** Absent when there is nothing to serve. */
  readonly virtiofsd?: Virtiofsd;
  /** In the order of the spec. */
  readonly filesystems: readonly PreparedFilesystem[];
}

/** @throws PrepareError that names the filesystem */
export async function prepareFilesystems(input: FilesystemsInput): Promise<PreparedFilesystems> {
  const { filesystems } = input;
  if (filesystems.length === 0) return { filesystems: [] };
  const [virtiofsd, ...prepared] = await Promise.all([
    findVirtiofsd(),
    ...filesystems.map(({ name, source }, index) =>
      placed(source, index, input).catch((cause: unknown) => {
        throw new PrepareError(`filesystem ${name}: ${reasonOf(cause)}`, { cause });
      }),
    ),
  ]);
  return { virtiofsd, filesystems: prepared };
}

async function placed(
  source: FilesystemSource,
  index: number,
  { paths, roots, made, makeStateDir }: FilesystemsInput,
): Promise<PreparedFilesystem> {
  switch (source.kind) {
    case 'claim':
      return await findShared(made.vm, source, roots);
    case 'objectData': {
      const values = valuesOfObject(source, made);
      const dir = filesystemPaths(paths, index).made;
      makeStateDir(dir);
      for (const [key, bytes] of values) createFile(join(dir, key), bytes);
      return { dir, readonly: true, whose: 'instance' };
    }
  }
}

/** Looks where a launch would look, and makes nothing. @throws PrepareError, as `prepareFilesystems` would */
export async function checkFilesystem(
  { source }: FilesystemSpec,
  roots: Roots,
  made: MadeFor,
): Promise<void> {
  await findVirtiofsd();
  switch (source.kind) {
    case 'claim':
      return void (await findShared(made.vm, source, roots));
    case 'objectData':
      return void valuesOfObject(source, made);
  }
}

type Claim = Extract<FilesystemSource, { kind: 'claim' }>;

async function findShared(
  vm: VmIdentity,
  { claim, path, readonly }: Claim,
  roots: Roots,
): Promise<PreparedFilesystem> {
  const place = path ?? join(roots.imagesDir, claimDirectory(vm, claim));
  const dir = await allowedFile(place, roots);
  if (dir === undefined) {
    const disk = claimFiles(vm, claim)
      .map((file) => join(roots.imagesDir, file.path))
      .find((file) => existsSync(file));
    const instead =
      disk === undefined
        ? ''
        : `, but a disk, ${disk}, which "disks" shows and "filesystems" does not`;
    const elsewhere =
      path === undefined
        ? ', or name one elsewhere with the annotation solovirt.io/host-directories'
        : '';
    throw new PrepareError(
      `the claim ${claim} has no directory${instead}: make one with \`install -d -m 2770 ${place}\`${elsewhere}`,
    );
  }
  if (!(await stat(dir)).isDirectory()) throw new PrepareError(`${place} is no directory`);
  await access(dir, constants.R_OK | constants.X_OK).catch((cause: unknown) => {
    throw new PrepareError(`cannot read ${place}: ${reasonOf(cause)}`, { cause });
  });
  return { dir, readonly, whose: path === undefined ? 'claim' : 'host' };
}
