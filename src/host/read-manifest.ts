/**
 * Reads one manifest: a regular file of bounded size in UTF-8, or a clear word about why not. Never waits for
 * the other end of a FIFO and never loads more than the limit. Failures are values, for they are the user's.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { MAX_MANIFEST_BYTES } from '../core/manifest/parse.ts';
import { errorCode } from '../core/thrown.ts';

export type ManifestText =
  /** A byte order mark is kept as U+FEFF at offset 0, so that offsets into the text are offsets into the file. */
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly code: ManifestReadCode; readonly message: string };

export type ManifestReadCode =
  | 'not-found'
  | 'permission-denied'
  | 'not-a-file'
  | 'too-large'
  | 'not-utf8'
  | 'read-failed';

/** Reads the text of a manifest, links followed. Never throws. */
export async function readManifest(path: string): Promise<ManifestText> {
  try {
    // Looked at first, because opening a device can do things; and again once open, for it may be another now.
    const refusal = refuse(path, await stat(path));
    if (refusal !== undefined) return refusal;
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    return refuse(path, found) ?? decode(path, await readAll(file, found.size));
  } catch (error) {
    return failure(path, error);
  }
}

function refuse(path: string, found: Stats): ManifestText | undefined {
  if (!found.isFile()) return no('not-a-file', `${path} is ${kindOf(found)}, not a file`);
  return found.size > MAX_MANIFEST_BYTES ? tooLarge(path, `${found.size} bytes`) : undefined;
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isFIFO()) return 'a named pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

function tooLarge(path: string, size: string): ManifestText {
  return no('too-large', `${path} has ${size}; the limit is ${MAX_MANIFEST_BYTES} bytes (1 MiB)`);
}

/**
 * @param size as last seen: what is set aside for it, because a daemon that starts reads many files at once
 * @returns one byte more than the limit when the file is growing beyond it
 */
async function readAll(file: FileHandle, size: number): Promise<Uint8Array> {
  let buffer = new Uint8Array(size + 1);
  let length = 0;
  while (length <= MAX_MANIFEST_BYTES) {
    if (length === buffer.length) buffer = grown(buffer);
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Somebody adds to the file while it is read. */
function grown(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(2 * buffer.length, MAX_MANIFEST_BYTES + 1));
  larger.set(buffer);
  return larger;
}

function decode(path: string, bytes: Uint8Array): ManifestText {
  if (bytes.length > MAX_MANIFEST_BYTES) return tooLarge(path, 'grown beyond 1 MiB');
  const text = decodeUtf8(bytes);
  if (text !== undefined) return { ok: true, text };
  const offset = firstBadByte(bytes);
  const line = bytes.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1;
  const hex = (bytes[offset] ?? 0).toString(16).padStart(2, '0');
  const guess = offset === 0 && /^f[ef]$/.test(hex) ? ' (it looks like UTF-16)' : '';
  return no(
    'not-utf8',
    `${path} is not UTF-8: byte 0x${hex} in line ${line}${guess}; save it as UTF-8`,
  );
}

function decodeUtf8(bytes: Uint8Array, stream = false): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream });
  } catch {
    return undefined;
  }
}

/** Offset of the first byte that belongs to no letter. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodeUtf8(bytes.subarray(0, middle), true) === undefined) bad = middle;
    else good = middle;
  }
  // Up to there it may be the beginning of a letter that does not go on: that beginning is the bad byte.
  while (decodeUtf8(bytes.subarray(0, good)) === undefined) good -= 1;
  return good;
}

function failure(path: string, error: unknown): ManifestText {
  const code = errorCode(error);
  switch (code) {
    case 'ENOENT':
      return no('not-found', `${path} does not exist, or is a link that leads nowhere`);
    case 'EACCES':
    case 'EPERM':
      return no(
        'permission-denied',
        `${path} cannot be read: permission denied; make it readable for the daemon`,
      );
    case 'EISDIR':
      return no('not-a-file', `${path} is a directory, not a file`);
    case 'ENXIO':
      return no('not-a-file', `${path} is a socket or a device, not a file`);
    case 'ELOOP':
      return no('read-failed', `${path} cannot be read: its symbolic links go round in a circle`);
    case 'EIO':
      return no('read-failed', `${path} cannot be read: input/output error of its disk (EIO)`);
    default:
      return no('read-failed', `${path} cannot be read: ${String(code ?? error)}`);
  }
}

function no(code: ManifestReadCode, message: string): ManifestText {
  return { ok: false, code, message };
}
