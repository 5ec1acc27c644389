/**
 * Companions: processes beside QEMU that are one of its devices, and how the wrapper `beside` is told of them. Pure.
 */
import { type Credentials, confineArgs, type FileAccess } from './confinement.ts';

/** All paths are absolute, and as the companion and its QEMU see them. */
export interface Companion {
  /** Where QEMU connects to it; `{socket}` in its command stands for the number of the listening descriptor. */
  readonly socket: string;
  /** What it writes into; one companion at a time. */
  readonly stateDir: string;
  /** Where it is told how it ended, if QEMU went on. */
  readonly end: string;
  readonly command: readonly string[];
}

interface Wrappers {
  readonly beside: string;
  readonly confine: string;
}

/** The command that starts the companions and becomes the program. @param program with its arguments */
export function withCompanions(
  companions: readonly Companion[],
  program: readonly string[],
  wrappers: Wrappers,
  credentials?: Credentials,
): readonly string[] {
  const [companion, ...others] = companions;
  if (companion === undefined) return program;
  const { socket, stateDir, end, command } = companion;
  const access = confineArgs(accessOf(companion), credentials);
  const confined = [wrappers.confine, ...access, ...command];
  return [
    wrappers.beside,
    ...['--socket', socket, '--state', stateDir, '--end', end],
    ...['--words', String(confined.length)],
    ...confined,
    ...withCompanions(others, program, wrappers, credentials),
  ];
}

function accessOf({ stateDir }: Companion): FileAccess {
  return { read: [], write: [], writeDirs: [stateDir], reserve: [], lowPorts: false };
}
