/**
 * Reads what an instance said: its serial console, or QEMU's own output. The files are rotated by truncation, so a
 * follower that finds its file shorter than before goes on at the beginning.
 */
import { watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import type { InstancePaths } from '../core/paths.ts';
import { errorCode } from '../core/thrown.ts';
import { openEvidence } from '../qemu/evidence-file.ts';
import { readTail } from '../qemu/tail.ts';

export type LogName = 'console' | 'qemu';

const CHUNK_BYTES = 64 * 1024;
const MAX_TAIL_BYTES = 4 * 1024 * 1024;

export interface LogRequest {
  readonly paths: InstancePaths;
  readonly log: LogName;
  /** Lines from the end to begin with. */
  readonly tail: number;
  readonly follow: boolean;
}

/** Ends at once without `follow`, else when `signal` says so. */
export async function* readLog(request: LogRequest, signal: AbortSignal): AsyncIterable<string> {
  const { paths, log, tail, follow } = request;
  const file = log === 'console' ? paths.console : paths.stderr;
  const end = await sizeOf(file);
  const text = await readTail(file, { maxLines: tail, maxBytes: MAX_TAIL_BYTES });
  if (text !== '') yield text.endsWith('\n') ? text : `${text}\n`;
  if (follow) yield* followFile(file, end, signal);
}

async function* followFile(file: string, from: number, signal: AbortSignal): AsyncIterable<string> {
  let position = from;
  let wake: () => void = () => {};
  let changed = true;
  const notice = (): void => {
    changed = true;
    wake();
  };
  const watcher = watch(file, { persistent: false }, notice);
  signal.addEventListener('abort', notice, { once: true });
  const decoder = new TextDecoder();
  try {
    while (!signal.aborted) {
      changed = false;
      const size = await sizeOf(file);
      if (size < position) position = 0;
      while (position < size) {
        const bytes = await readAt(file, position, Math.min(CHUNK_BYTES, size - position));
        if (bytes.length === 0) break;
        position += bytes.length;
        yield decoder.decode(bytes, { stream: true });
      }
      if (changed) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
  } finally {
    watcher.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await lstat(file)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function readAt(file: string, position: number, length: number): Promise<Uint8Array> {
  const found = await openEvidence(file);
  if (found === undefined) return new Uint8Array();
  await using handle = found;
  const buffer = new Uint8Array(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
