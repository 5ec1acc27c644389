/**
 * Keeps a log short that QEMU holds open. QEMU appends (O_APPEND) and cannot be asked to reopen it, so the
 * content is copied away and the file truncated in place; writing then goes on at its new end.
 * Lines written between copy and truncation are lost: a moment, against a full disk.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { errorCode } from '../core/thrown.ts';
import { openEvidence } from './evidence-file.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * If `path` is longer than `maxBytes`, moves its last `maxBytes` to `path`.1 (replacing that) and empties it.
 * Returns whether it did. A missing file is short enough. On a full disk it is emptied without a copy.
 */
export async function capLog(path: string, maxBytes: number): Promise<boolean> {
  const found = await openEvidence(path, constants.O_RDWR);
  if (found === undefined) return false;
  await using log = found;
  const { size } = await log.stat();
  if (size <= maxBytes) return false;
  const copy = `${path}.1.tmp`;
  try {
    await copyRange(log, copy, size - maxBytes, 2 * maxBytes);
    await rename(copy, `${path}.1`);
  } catch (error) {
    await rm(copy, { force: true });
    const code = errorCode(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  }
  await log.truncate(0);
  return true;
}

/** From `start` to wherever the end is by then, but no more than `limit`: the guest may write as fast as we read. */
async function copyRange(
  source: FileHandle,
  target: string,
  start: number,
  limit: number,
): Promise<void> {
  await rm(target, { force: true });
  await using copy = await open(target, 'wx', 0o600);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let position = start;
  while (position - start < limit) {
    const length = Math.min(chunk.length, start + limit - position);
    const { bytesRead } = await source.read(chunk, 0, length, position);
    if (bytesRead === 0) return;
    await copy.writeFile(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
}
