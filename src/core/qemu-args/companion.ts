/**
 * Companions: processes beside QEMU that are one of its devices, and how the wrapper `beside` is told of them. Pure.
 */
import { type Credentials, confineArgs, type FileAccess } from './confinement.ts';
import type { PreparedFilesystem } from './input.ts';

/** All paths are absolute, and as the companion and its QEMU see them. */
export interface Companion {
  /** Where QEMU connects to it; `fd={socket}` in its command stands for the listening descriptor. */
  readonly socket: string;
  /** Where it is told how it ended, if QEMU went on. */
  readonly end: string;
  readonly command: readonly string[];
  readonly files: CompanionFiles;
  readonly identity?: FileAccess['identity'];
}

export type CompanionFiles =
  /** A directory of its own that it writes into; one companion at a time. */
  | { readonly kind: 'state'; readonly dir: string }
  /** A directory that is shared with the guest, with all beneath it. */
  | ({ readonly kind: 'shared' } & PreparedFilesystem);

interface Wrappers {
  readonly beside: string;
  readonly confine: string;
}

/**
 * The command that starts the companions and becomes the program.
 * @param program with its arguments; @param identityOf who a companion runs as, undefined: whoever starts it
 */
export function withCompanions(
  companions: readonly Companion[],
  program: readonly string[],
  wrappers: Wrappers,
  identityOf: (companion: Companion) => Credentials | undefined = () => undefined,
): readonly string[] {
  const [companion, ...others] = companions;
  if (companion === undefined) return program;
  const { socket, end, command, files } = companion;
  const access = confineArgs(accessOf(companion), identityOf(companion));
  const confined = [wrappers.confine, ...access, ...command];
  return [
    wrappers.beside,
    ...['--socket', socket, '--end', end],
    ...(files.kind === 'state' ? ['--state', files.dir] : []),
    ...['--words', String(confined.length)],
    ...confined,
    ...withCompanions(others, program, wrappers, identityOf),
  ];
}

const NOTHING: FileAccess = { read: [], write: [], writeDirs: [], reserve: [], lowPorts: false };

function accessOf({ files, identity }: Companion): FileAccess {
  const access = { ...NOTHING, ...(identity === undefined ? {} : { identity }) };
  switch (files.kind) {
    case 'state':
      return { ...access, writeDirs: [files.dir] };
    case 'shared':
      return {
        ...access,
        ...(files.readonly ? { read: [files.dir] } : { writeTrees: [files.dir] }),
      };
  }
}
