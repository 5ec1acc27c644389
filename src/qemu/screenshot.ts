/** A picture of a guest's display: QEMU writes it into the one directory where it may make files. */
import { rm } from 'node:fs/promises';
import type { Json, JsonObject } from '../core/model/json.ts';
import { openEvidence } from './evidence-file.ts';

/** Runs a QMP command. */
export type Execute = (command: string, args?: JsonObject, timeoutMs?: number) => Promise<Json>;

/** One file, as this process and as QEMU see it. */
export interface SharedFile {
  readonly here: string;
  readonly inQemu: string;
}

/** Beyond every display: 8K without any compression is 127 MiB, and no PNG of it comes near that. */
const MAX_BYTES = 128 * 1024 * 1024;
/** An emulated display of a busy host takes its time. */
const DEADLINE_MS = 10_000;
/** PNG, 5.2. */
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The picture did not come out as one. */
export class ScreenshotError extends Error {
  override readonly name = 'ScreenshotError';
}

/**
 * PNG. One at a time for each file.
 * @throws QmpError; ScreenshotError
 */
export async function takeScreenshot(execute: Execute, file: SharedFile): Promise<Buffer> {
  // One that a daemon left behind, whatever has become of it since.
  await rm(file.here, { force: true });
  try {
    // QAPI `screendump`; PNG from QEMU 7.1 on.
    await execute('screendump', { filename: file.inQemu, format: 'png' }, DEADLINE_MS);
    return await readPicture(file.here);
  } finally {
    await rm(file.here, { force: true });
  }
}

async function readPicture(path: string): Promise<Buffer> {
  const found = await openEvidence(path);
  if (found === undefined) throw new ScreenshotError('QEMU wrote no picture');
  await using file = found;
  const { size } = await file.stat();
  if (size > MAX_BYTES) throw new ScreenshotError(`QEMU wrote a picture of ${size} bytes`);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
  const picture = buffer.subarray(0, bytesRead);
  if (!picture.subarray(0, SIGNATURE.length).equals(SIGNATURE))
    throw new ScreenshotError('QEMU wrote something that is no PNG');
  return picture;
}
