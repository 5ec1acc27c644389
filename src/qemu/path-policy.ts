/**
 * Where the files of guests may lie: in the image directory, and in the directories that the configuration adds.
 * Judged by where a path really leads. That is a look at one moment: whoever may change these directories may
 * change what lies there afterwards; QEMU then gets what `confine` finds under the real path, and nothing else.
 */
import { realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { errorCode } from '../core/thrown.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';

export interface Roots {
  readonly imagesDir: string;
  /** `/` allows everything. */
  readonly diskRoots: readonly string[];
}

/** The real path of a file; undefined when there is none. @throws PrepareError when it lies outside the roots */
export async function allowedFile(path: string, roots: Roots): Promise<string | undefined> {
  const real = await resolved(path);
  if (real === undefined) return undefined;
  await refuseOutside(path, real, roots);
  return real;
}

/** Whether a file may be made here. @throws PrepareError */
export async function checkNewFile(path: string, roots: Roots): Promise<void> {
  const dir = dirname(path);
  // A directory that is missing is told by whoever makes the file.
  await refuseOutside(path, (await resolved(dir)) ?? dir, roots);
}

async function refuseOutside(path: string, real: string, roots: Roots): Promise<void> {
  const { imagesDir, diskRoots } = roots;
  const allowed = await Promise.all([imagesDir, ...diskRoots].map((dir) => resolved(dir)));
  if (allowed.some((dir) => dir !== undefined && isWithin(real, dir))) return;
  const leads = real === path || real === dirname(path) ? '' : ` leads to ${real}, which`;
  const more = diskRoots.length === 0 ? '' : ` and from ${diskRoots.join(', ')}`;
  throw new PrepareError(
    `${path}${leads} is away from the image directory ${imagesDir}${more}; move it there, or add its directory to the setting diskRoots`,
  );
}

function isWithin(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir.endsWith(sep) ? dir : dir + sep);
}

async function resolved(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new PrepareError(`cannot look at ${path}: ${reasonOf(cause)}`, { cause });
  }
}
