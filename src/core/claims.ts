/** Where the disks and directories of persistent volume claims lie in the image directory. Pure. */
import type { VmIdentity } from './model/virtual-machine.ts';

/** No image reference leads there, for none has a part that begins with `_`: a guest writes these files. */
const FOLDER = '_claims';

const ENDINGS = ['qcow2', 'img', 'raw'] as const;

export interface ClaimFile {
  /** Relative to the image directory. */
  readonly path: string;
  /** By the ending alone: what a guest writes is never asked what it is. */
  readonly format: 'qcow2' | 'raw';
}

/** The directory that a claim is where it is shared as a file system, relative to the image directory. */
export function claimDirectory(
  { namespace }: Pick<VmIdentity, 'namespace'>,
  claim: string,
): string {
  return `${FOLDER}/${namespace}/${claim}`;
}

/** The files that can be a claim's disk, the one that solovirt itself would make first. */
export function claimFiles(
  { namespace }: Pick<VmIdentity, 'namespace'>,
  claim: string,
): readonly [ClaimFile, ...ClaimFile[]] {
  const file = (ending: (typeof ENDINGS)[number]): ClaimFile => ({
    path: `${FOLDER}/${namespace}/${claim}.${ending}`,
    format: ending === 'qcow2' ? 'qcow2' : 'raw',
  });
  const [first, ...others] = ENDINGS;
  return [file(first), ...others.map(file)];
}
