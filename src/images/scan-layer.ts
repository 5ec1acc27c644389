/**
 * Reads a layer's archive once, from its first entry to its last. Nothing is unpacked by name: whoever asks is shown each entry and
 * may read its content. The library parses tar; what is left to ourselves is the decompression, because only so
 * what comes out can be counted.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { errorMessage } from '../core/thrown.ts';
import { ImageError } from './image-error.ts';

const CHUNK_BYTES = 256 * 1024;

/** Bytes that may still come out of an image's layers. A few kilobytes can be packed so that they never end. */
export interface Budget {
  readonly limit: number;
  left: number;
}

export interface LayerVisitor {
  readonly signal: AbortSignal;
  readonly budget: Budget;
  /** `type` is a name of the library's table, such as `File`. @returns who wants the content */
  visit(entry: { readonly path: string; readonly type: string }): EntryReader | undefined;
}

export interface EntryReader {
  chunk(bytes: Buffer): void;
  end(): void;
}

/** @throws ImageError when the archive is cut short or is none; what `visitor` throws goes through */
export async function scanLayer(file: string, visitor: LayerVisitor): Promise<void> {
  const { signal, budget } = visitor;
  const faults: Error[] = [];
  const parser = new Parser({
    strict: true,
    maxDecompressionRatio: Number.POSITIVE_INFINITY,
    onReadEntry: (entry) => show(entry, visitor),
  });
  parser.on('error', (fault: Error) => faults.push(fault));
  // Of types that the library does not read, such as GNU's sparse files.
  parser.on('ignoredEntry', ({ path, type }: ReadEntry) => void visitor.visit({ path, type }));
  for await (const chunk of await unpacked(file)) {
    signal.throwIfAborted();
    budget.left -= chunk.length;
    if (budget.left < 0)
      throw new ImageError(`it unpacks to more than ${budget.limit} bytes`, {
        hint: 'Where that is meant, allow more with --max-size.',
      });
    parser.write(chunk);
    refuseFaults(faults);
  }
  parser.end();
  refuseFaults(faults);
}

function show(entry: ReadEntry, visitor: LayerVisitor): void {
  const { path, type } = entry;
  const reader = visitor.visit({ path, type });
  if (reader !== undefined) {
    entry.on('data', (bytes: Buffer) => reader.chunk(bytes));
    entry.on('end', () => reader.end());
  }
  entry.resume();
}

function refuseFaults([fault]: readonly Error[]): void {
  if (fault === undefined) return;
  throw new ImageError(`a layer of it is no whole tar archive (${fault.message})`, {
    cause: fault,
  });
}

async function* unpacked(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const unpacker = await unpackerOf(file);
  // Its callback is for those who do not read on: an error comes out of the loop below.
  const stream = unpacker === undefined ? source : pipeline(source, unpacker, () => {});
  try {
    yield* stream;
  } catch (cause) {
    throw new ImageError(`a layer of it cannot be unpacked (${errorMessage(cause)})`, { cause });
  }
}

async function unpackerOf(file: string): Promise<Transform | undefined> {
  await using handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  if (buffer.readUInt16BE() === 0x1f8b) return createGunzip({ chunkSize: CHUNK_BYTES });
  if (buffer.readUInt32LE() === 0xfd2fb528) return createZstdDecompress({ chunkSize: CHUNK_BYTES });
  return undefined;
}
