/**
 * Gets ready all files that an instance needs before QEMU starts: images found, overlays made, host disks
 * created. Writes only into the instance's directory, and host disks that the manifest wants created.
 */
import { mkdir, readdir, rm, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { InstanceSpec, VmIdentity } from '../core/model/virtual-machine.ts';
import type { PreparedDisk, PreparedKernel } from '../core/qemu-args/input.ts';
import { errorCode } from '../core/thrown.ts';
import { type MadeFor, madeFor, type ValuesOf } from './made-image.ts';
import { UNFINISHED } from './overlay.ts';
import { type Directories, prepareDisk } from './prepare-disk.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';
import { prepareKernel } from './prepare-kernel.ts';

export interface PrepareOptions extends Directories {
  readonly vm: VmIdentity;
  readonly values: ValuesOf;
  readonly signal?: AbortSignal;
}

export interface PreparedInstance {
  /** Present when the spec boots a kernel directly. */
  readonly kernel?: PreparedKernel;
  /** In the order of the spec. */
  readonly disks: readonly PreparedDisk[];
}

/**
 * Doing it again for the same instance makes its overlays anew, so never for one that has a QEMU. After a
 * failure the caller ends the instance as it ends any other, with `removeInstanceDisks`.
 * @throws PrepareError that names everything that is missing or wrong; the signal's reason when aborted
 */
export async function prepareInstance(
  spec: InstanceSpec,
  where: PrepareOptions,
): Promise<PreparedInstance> {
  where.signal?.throwIfAborted();
  const directories = {
    imagesDir: resolve(where.imagesDir),
    diskRoots: where.diskRoots,
    instanceDir: resolve(where.instanceDir),
  };
  await makeInstanceDir(directories.instanceDir);
  const { vm, values } = where;
  const source = spec.kernelBoot?.source;
  const [kernel, disks] = await Promise.allSettled([
    source === undefined ? undefined : prepareKernel(source, directories),
    allDisks(spec, directories, madeFor(vm, spec, values)),
  ]);
  where.signal?.throwIfAborted();
  if (kernel.status === 'fulfilled' && disks.status === 'fulfilled')
    return {
      disks: disks.value,
      ...(kernel.value === undefined ? {} : { kernel: kernel.value }),
    };
  throw combined([kernel, disks]);
}

async function makeInstanceDir(instanceDir: string): Promise<void> {
  await mkdir(instanceDir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new PrepareError(`cannot make the directory ${instanceDir}: ${reasonOf(cause)}`, {
      cause,
    });
  });
}

/** All disks at the same time, and every fault of every disk. */
async function allDisks(
  spec: InstanceSpec,
  directories: Directories,
  made: MadeFor,
): Promise<readonly PreparedDisk[]> {
  const results = await Promise.allSettled(
    spec.disks.map((disk) =>
      prepareDisk(disk, directories, made).catch((cause: unknown) => {
        throw new PrepareError(`disk ${disk.name}: ${reasonOf(cause)}`, { cause });
      }),
    ),
  );
  const prepared = results.filter((result) => result.status === 'fulfilled');
  if (prepared.length < results.length) throw combined(results);
  return prepared.map(({ value }) => value);
}

function combined(results: readonly PromiseSettledResult<unknown>[]): PrepareError {
  const causes: readonly unknown[] = results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => reason);
  const [cause, ...more] = causes;
  if (more.length === 0 && cause instanceof PrepareError) return cause;
  return new PrepareError(causes.map(reasonOf).join('; '), {
    cause: new AggregateError(causes),
  });
}

const MADE = ['.qcow2', '.iso', 'smbios.bin', 'nvram.fd'].flatMap((ending) => [
  ending,
  ending + UNFINISHED,
]);
/** What the TPM holds, and files that are shared. */
const MADE_DIR = /^(?:tpm|fs\d+)$/;

/** Removes what only an instance that runs needs of its files. The directory may be gone already. */
export async function removeInstanceDisks(instanceDir: string): Promise<void> {
  const names = await readdir(instanceDir).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  await Promise.all(names.map((name) => removeMade(instanceDir, name)));
}

async function removeMade(dir: string, name: string): Promise<void> {
  const isOurs = MADE_DIR.test(name) || MADE.some((ending) => name.endsWith(ending));
  if (!isOurs) return;
  const path = join(dir, name);
  // The next start of a crashed guest waits for it, and `rm` looks at each file first.
  await unlink(path).catch(() => rm(path, { recursive: true, force: true }));
}
