/**
 * Companions: processes beside QEMU that are one of its devices, and how the wrapper `beside` is told of them. Pure.
 */
import { type Credentials, confineArgs, type FileAccess } from './confinement.ts';
import type { PreparedFilesystem } from './input.ts';

/** All paths are absolute, and as the companion and its QEMU see them. */
export interface Companion {
  readonly line: CompanionLine;
  /** Where it is told how it ended, if QEMU went on. */
  readonly end: string;
  readonly command: readonly string[];
  readonly files: CompanionFiles;
  readonly identity?: FileAccess['identity'];
}

/** How QEMU reaches it; `{socket}`, alone or after `fd=`, in its command stands for the companion's descriptor. */
export type CompanionLine =
  /** A socket that the companion listens on. */
  | { readonly kind: 'socket'; readonly path: string }
  /** A connection whose other end is QEMU's descriptor of that number. QEMU is begun once the companion has answered. */
  | {
      readonly kind: 'channel';
      readonly descriptor: number;
      /** A frame after its length in four bytes, in hexadecimal. */
      readonly question: string;
      /** What is said where it does not answer. */
      readonly trouble: string;
    };

export type CompanionFiles =
  /** A directory of its own that it writes into; one companion at a time. */
  | { readonly kind: 'state'; readonly dir: string }
  /** A directory that is shared with the guest, with all beneath it. */
  | ({ readonly kind: 'shared' } & PreparedFilesystem)
  /** None: it takes ports of the host, and itself away from everything else. */
  | { readonly kind: 'ports'; readonly low: boolean };

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
  const { line, end, command, files } = companion;
  const access = confineArgs(accessOf(companion), identityOf(companion));
  const confined = [wrappers.confine, ...access, ...command];
  return [
    wrappers.beside,
    ...lineArgs(line),
    ...['--end', end],
    ...(files.kind === 'state' ? ['--state', files.dir] : []),
    ...['--words', String(confined.length)],
    ...confined,
    ...withCompanions(others, program, wrappers, identityOf),
  ];
}

function lineArgs(line: CompanionLine): readonly string[] {
  switch (line.kind) {
    case 'socket':
      return ['--socket', line.path];
    case 'channel': {
      const { descriptor, question, trouble } = line;
      return ['--channel', String(descriptor), '--ask', question, '--trouble', trouble];
    }
  }
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
    case 'ports':
      return { ...access, lowPorts: files.low, allFiles: true };
  }
}
