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
  const confined = confineArgs({ ...access, writeDirs: [], lowPorts: false, reserve: [] });
  const child = execa(programFile('confine'), [...confined, 'qemu-img', ...args], {
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
  // `confine` has not found the program.
  if (exitCode === 127) throw new PrepareError('qemu-img is not installed (qemu-utils)');
  if (exitCode !== 0) throw new PrepareError(`qemu-img: ${stderr === '' ? shortMessage : stderr}`);
}
