/**
 * Runs `qemu-img` so that it can open what it is told to and nothing else: an image from elsewhere, or one that a guest
 * has written, may be made to attack whatever reads it.
 */
import { execa } from 'execa';
import { confineArgs } from '../core/qemu-args/confinement.ts';
import { PrepareError } from './prepare-error.ts';
import { programFile } from './program-files.ts';

export interface QemuImgAccess {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export interface QemuImgOptions {
  readonly signal: AbortSignal;
  /** In words. */
  readonly onProgress: (progress: string) => void;
}

/** @throws PrepareError; the signal's reason when aborted */
export async function qemuImg(
  args: readonly string[],
  access: QemuImgAccess,
  { signal, onProgress }: QemuImgOptions,
): Promise<void> {
  const [program, words] = confined(args, access);
  const child = execa(program, words, {
    reject: false,
    stdin: 'ignore',
    cancelSignal: signal,
    buffer: { stdout: false },
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const percent = /\((\d+)\.\d+\/100%\)\s*$/.exec(text)?.[1];
    if (percent !== undefined) onProgress(`${percent} % copied`);
  });
  const { exitCode, stderr, shortMessage } = await child;
  signal.throwIfAborted();
  if (exitCode === NOT_FOUND) throw notInstalled();
  if (exitCode !== 0) throw new PrepareError(`qemu-img: ${stderr === '' ? shortMessage : stderr}`);
}

/** Exit codes of `qemu-img check`, by qemu-img(1). Clusters that nothing names (3) take room and do no harm. */
const CONSISTENT = [0, 3];
const CORRUPTED = 2;

/**
 * Whether all is there that the tables of a qcow2 name. What a file that was cut off lacks would be copied as zeros.
 * @throws PrepareError; the signal's reason when aborted
 */
export async function isWholeQcow2(path: string, signal: AbortSignal): Promise<boolean> {
  const [program, words] = confined(['check', '-f', 'qcow2', path], { read: [path], write: [] });
  // It writes a line for each cluster that is missing.
  const { exitCode, shortMessage } = await execa(program, words, {
    reject: false,
    stdio: 'ignore',
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (exitCode === NOT_FOUND) throw notInstalled();
  if (exitCode === CORRUPTED) return false;
  if (CONSISTENT.includes(exitCode ?? -1)) return true;
  throw new PrepareError(`qemu-img: ${shortMessage}`);
}

/** `confine` has not found the program. */
const NOT_FOUND = 127;

function notInstalled(): PrepareError {
  return new PrepareError('qemu-img is not installed (qemu-utils)');
}

function confined(
  args: readonly string[],
  access: QemuImgAccess,
): readonly [program: string, args: readonly string[]] {
  const limits = confineArgs({ ...access, writeDirs: [], lowPorts: false, reserve: [] });
  return [programFile('confine'), [...limits, 'qemu-img', ...args]];
}
