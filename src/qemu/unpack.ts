/** Unpacks what was downloaded or sent, told by its first bytes. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { confineArgs } from '../core/qemu-args/confinement.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';
import { programFile } from './program-files.ts';

/** Long enough for the last of the marks below. */
const HEAD_BYTES = 512;

type Unpacking =
  | { readonly kind: 'stream'; readonly format: 'gzip' | 'zstd' }
  | { readonly kind: 'program'; readonly command: readonly [string, ...string[]] };

interface Mark {
  readonly name: string;
  readonly at: number;
  readonly bytes: string;
  readonly unpack: Unpacking;
}

/** By the documents of each format; `bytes` is Latin-1. */
const MARKS: readonly Mark[] = [
  {
    name: 'gzip',
    at: 0,
    bytes: '\x1f\x8b',
    unpack: { kind: 'stream', format: 'gzip' },
  },
  {
    name: 'Zstandard',
    at: 0,
    bytes: '\x28\xb5\x2f\xfd',
    unpack: { kind: 'stream', format: 'zstd' },
  },
  {
    name: 'xz',
    at: 0,
    bytes: '\xfd7zXZ\0',
    unpack: { kind: 'program', command: ['xz', '--decompress', '--stdout'] },
  },
];

/**
 * The file with the image: the download itself, or `to` when it was packed.
 * @throws PrepareError; the signal's reason when aborted
 */
export async function unpack(from: string, to: string, signal: AbortSignal): Promise<string> {
  const head = await readHead(from);
  const mark = MARKS.find(({ at, bytes }) => head.startsWith(bytes, at));
  if (mark === undefined) return from;
  const { name, unpack: how } = mark;
  try {
    await run(how, from, to, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new PrepareError(`what was downloaded cannot be unpacked (${name}): ${reasonOf(cause)}`, {
      cause,
    });
  }
  return to;
}

async function run(how: Unpacking, from: string, to: string, signal: AbortSignal): Promise<void> {
  const target = createWriteStream(to, { mode: 0o600 });
  switch (how.kind) {
    case 'stream':
      await pipeline(createReadStream(from), await decompressor(how.format), target, { signal });
      return;
    case 'program': {
      const access = { read: [from], write: [], writeDirs: [], lowPorts: false, reserve: [] };
      const args = [...confineArgs(access), ...how.command, from];
      const child = execa(programFile('confine'), args, {
        reject: false,
        stdin: 'ignore',
        buffer: { stdout: false },
        cancelSignal: signal,
      });
      await pipeline(child.stdout, target, { signal });
      const { exitCode, stderr, shortMessage } = await child;
      // `confine` has not found the program.
      if (exitCode === 127) throw new Error(`${how.command[0]} is not installed`);
      if (exitCode !== 0) throw new Error(stderr === '' ? shortMessage : stderr);
    }
  }
}

/** Few daemons ever unpack anything, so that the library is loaded by those alone. */
async function decompressor(format: 'gzip' | 'zstd'): Promise<Duplex> {
  const { createGunzip, createZstdDecompress } = await import('node:zlib');
  return format === 'gzip' ? createGunzip() : createZstdDecompress();
}

async function readHead(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (cause) {
    throw new PrepareError(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}
