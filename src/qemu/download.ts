/**
 * Downloads a file over HTTP. A download that breaks off goes on where it ended, in this daemon or the next, as long as
 * the server says that the file is still the same (RFC 9110, If-Range).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '../core/thrown.ts';
import { PrepareError, reasonOf } from './prepare-error.ts';

export interface Download {
  readonly url: string;
  /** Lower-case hexadecimal. */
  readonly sha256?: string;
  /** Kept also when it breaks off, until it is forgotten. */
  readonly to: string;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: string) => void;
}

/** A server that sends nothing for so long has gone. */
const SILENCE_MS = 60_000;

/** @throws PrepareError; the signal's reason when aborted */
export async function download(wanted: Download, options: DownloadOptions): Promise<void> {
  const { url, sha256, to } = wanted;
  try {
    await receive(wanted, options);
  } catch (cause) {
    options.signal.throwIfAborted();
    if (cause instanceof PrepareError) throw cause;
    throw new PrepareError(`cannot download ${shown(url)}: ${wordsOf(cause)}`, { cause });
  }
  if (sha256 !== undefined) {
    options.onProgress('checking the download');
    const found = await sha256Of(to, options.signal);
    if (found !== sha256) {
      await forget(to);
      throw new PrepareError(
        `${shown(url)} is not what was expected: its SHA-256 is ${found}, expected ${sha256}`,
      );
    }
  }
}

/** Removes what was downloaded, and what was noted of it. */
export async function forget(to: string): Promise<void> {
  await Promise.all([to, noteBeside(to)].map((path) => rm(path, { force: true })));
}

async function receive({ url, to }: Download, options: DownloadOptions): Promise<void> {
  const kept = await keptPart(to, url);
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  const timer = setTimeout(
    () => silence.abort(new Error(`no answer for ${SILENCE_MS / 1000} s`)),
    SILENCE_MS,
  );
  try {
    const headers = {
      // The bytes are to be those of the file.
      'accept-encoding': 'identity',
      ...(kept && { range: `bytes=${kept.bytes}-`, 'if-range': kept.validator }),
    };
    const response = await fetch(url, { signal, headers });
    if (response.status === 416 && kept !== undefined) {
      await response.body?.cancel();
      // What was kept is all there is.
      if (response.headers.get('content-range') === `bytes */${kept.bytes}`) return;
      await forget(to);
      throw new Error('the server has less than was downloaded before');
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    }
    const from = response.status === 206 ? (kept?.bytes ?? 0) : 0;
    await note(to, url, response.headers);
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const total = Number.isNaN(length) ? undefined : from + length;
    await using file = await open(to, from === 0 ? 'w' : 'a', 0o600);
    const received = await write(file, response.body, from, (bytes) => {
      timer.refresh();
      options.onProgress(progressOf(bytes, total));
    });
    if (total !== undefined && received !== total)
      throw new Error(`it broke off after ${received} of ${total} bytes`);
    await file.sync();
  } finally {
    clearTimeout(timer);
  }
}

async function write(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  from: number,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let bytes = from;
  for await (const chunk of body) {
    await file.writev([chunk]);
    bytes += chunk.length;
    onBytes(bytes);
  }
  return bytes;
}

function progressOf(bytes: number, total: number | undefined): string {
  const mib = (count: number): string => `${Math.floor(count / 2 ** 20)} MiB`;
  if (total === undefined || total === 0) return `${mib(bytes)} downloaded`;
  return `${Math.floor((bytes / total) * 100)} % of ${mib(total)} downloaded`;
}

interface Note {
  readonly url: string;
  /** ETag or date, by which the server knows the file again. */
  readonly validator: string;
}

function noteBeside(to: string): string {
  return `${to}.json`;
}

async function note(to: string, url: string, headers: Headers): Promise<void> {
  const etag = headers.get('etag');
  // A weak one does not tell bytes apart.
  const validator = etag?.startsWith('"') ? etag : headers.get('last-modified');
  if (validator === null || validator === undefined) await rm(noteBeside(to), { force: true });
  else await writeFile(noteBeside(to), JSON.stringify({ url, validator } satisfies Note));
}

/** What an earlier try has left and the server may know again. */
async function keptPart(
  to: string,
  url: string,
): Promise<{ readonly bytes: number; readonly validator: string } | undefined> {
  try {
    const { size } = await stat(to);
    const found = JSON.parse(await readFile(noteBeside(to), 'utf8')) as Partial<Note>;
    if (size === 0 || found.url !== url || typeof found.validator !== 'string') return undefined;
    return { bytes: size, validator: found.validator };
  } catch {
    return undefined;
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}

/** Without a password that may stand in it. */
function shown(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  return parsed.href;
}

/** How it looks when a host cannot be reached, or must not: a packet filter drops as often as it refuses. */
const UNREACHED = new Set([
  'EACCES',
  'EAFNOSUPPORT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPERM',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What `fetch` throws says the reason in its cause. */
function wordsOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const words = reasonOf(inner);
  if (!UNREACHED.has(errorCode(inner) ?? '')) return words;
  return `${words}; something may keep the daemon from other hosts (docs/systemd.md, "Downloads")`;
}
