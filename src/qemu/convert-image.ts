/**
 * Copies an image into a qcow2 of its own with `qemu-img`, which can open these two files and nothing else of what guests
 * have: an image from elsewhere may be made to attack whatever reads it.
 */
import { execa } from 'execa';
import { confineArgs } from '../core/qemu-args/confinement.ts';
import type { MakeOptions } from './data-volume.ts';
import { filesBelow } from './image-chain.ts';
import type { Image } from './image-file.ts';
import { PrepareError } from './prepare-error.ts';
import { programFile } from './program-files.ts';

export interface Copy {
  readonly source: Image;
  /** A file that is there and empty. */
  readonly target: string;
  /** What the guest is to see; undefined: as much as the source has. */
  readonly sizeBytes: number | undefined;
}

/** @throws PrepareError; the signal's reason when aborted */
export async function convertImage(
  { source, target, sizeBytes = source.sizeBytes }: Copy,
  options: Pick<MakeOptions, 'imagesDir' | 'diskRoots' | 'signal' | 'onProgress'>,
): Promise<void> {
  if (sizeBytes < source.sizeBytes)
    throw new PrepareError(
      `its size of ${sizeBytes} bytes is less than the ${source.sizeBytes} bytes of what it is made from`,
    );
  const below = await filesBelow(source, options);
  const access = {
    read: [source.path, ...below],
    write: [target],
    writeDirs: [],
    lowPorts: false,
    reserve: [],
  };
  const run = async (...args: readonly string[]): Promise<void> => {
    const child = execa(programFile('confine'), [...confineArgs(access), 'qemu-img', ...args], {
      reject: false,
      stdin: 'ignore',
      cancelSignal: options.signal,
      buffer: { stdout: false },
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const percent = /\((\d+)\.\d+\/100%\)\s*$/.exec(text)?.[1];
      if (percent !== undefined) options.onProgress(`${percent} % copied`);
    });
    const { exitCode, stderr, shortMessage } = await child;
    options.signal.throwIfAborted();
    // `confine` has not found the program.
    if (exitCode === 127) throw new PrepareError('qemu-img is not installed (qemu-utils)');
    if (exitCode !== 0)
      throw new PrepareError(`qemu-img: ${stderr === '' ? shortMessage : stderr}`);
  };
  const { format, path } = source;
  await run('convert', '-p', '-f', format, '-O', 'qcow2', path, target);
  if (sizeBytes > source.sizeBytes)
    await run('resize', '-q', '-f', 'qcow2', target, String(sizeBytes));
}
