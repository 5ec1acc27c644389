/**
 * Has `skopeo` ask for an image and fetch it. skopeo speaks to the registry, finds the
 * credentials and checks every digest (skopeo-copy(1), containers-transports(5), containers-auth.json(5)).
 */
import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { layerBytes } from '../core/images/oci-manifest.ts';
import { ImageError } from './image-error.ts';
import { lastWords, skopeoError } from './skopeo-words.ts';

/** So long a registry may send nothing. */
const STALL_MS = 120_000;
const LOOK_MS = 250;
/** So long it may take to say what a name stands for. */
const ANSWER_MS = 30_000;
/** From the polite signal to the other one. */
const KILL_MS = 2000;

export interface FetchOptions {
  /** As containers-transports(5) has it: `docker://host/name:tag`. */
  readonly source: string;
  /** For messages. */
  readonly name: string;
  /** An empty directory; the image lies in `image` below it afterwards, as the transport `dir:` has it. */
  readonly directory: string;
  readonly authFile?: string;
  /** Take plain HTTP, and certificates that nobody vouches for. */
  readonly insecure: boolean;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/** @returns the directory with the image. @throws ImageError */
export async function fetchWithSkopeo(options: FetchOptions): Promise<string> {
  const { source, directory, authFile, insecure, signal } = options;
  const image = join(directory, 'image');
  const stop = new AbortController();
  const args = [
    // Archives are unpacked there; by default that is /var/tmp, which may be small.
    ...['--tmpdir', directory, 'copy', '--preserve-digests'],
    ...(authFile === undefined ? [] : ['--src-authfile', authFile]),
    ...(insecure ? ['--src-tls-verify=false'] : []),
    ...[source, `dir:${image}`],
  ];
  const watch = watchGrowth(options, stop);
  try {
    await skopeo(args, { ...options, signal: AbortSignal.any([signal, stop.signal]) });
    return image;
  } catch (error) {
    signal.throwIfAborted();
    if (stop.signal.reason instanceof ImageError) throw stop.signal.reason;
    throw error;
  } finally {
    await watch();
  }
}

/** What a registry says that a name stands for now. */
export interface ManifestFacts {
  /** Of the manifest, or of the list of one for each architecture. */
  readonly digest: string;
  /** What is to come; undefined where the architecture is still to be chosen. */
  readonly bytes: number | undefined;
}

/** Asks the registry. @throws ImageError */
export async function inspectWithSkopeo(
  options: Omit<FetchOptions, 'directory' | 'maxBytes' | 'onBytes'>,
): Promise<ManifestFacts> {
  const { source, name, authFile, insecure, signal } = options;
  const patience = AbortSignal.timeout(ANSWER_MS);
  const args = [
    ...['inspect', '--raw'],
    ...(authFile === undefined ? [] : ['--authfile', authFile]),
    ...(insecure ? ['--tls-verify=false'] : []),
    source,
  ];
  try {
    const manifest = await skopeo(args, { name, signal: AbortSignal.any([signal, patience]) });
    const digest = createHash('sha256').update(manifest).digest('hex');
    return { digest: `sha256:${digest}`, bytes: layerBytes(manifest.toString('utf8')) };
  } catch (cause) {
    signal.throwIfAborted();
    if (!patience.aborted) throw cause;
    throw new ImageError(`${name}: the registry has not answered for ${ANSWER_MS / 1000} s`, {
      cause,
      trouble: 'away',
    });
  }
}

/** @returns what it writes @throws ImageError; the signal's reason when aborted */
async function skopeo(
  args: readonly string[],
  { name, signal }: Pick<FetchOptions, 'name' | 'signal'>,
): Promise<Buffer> {
  const { exitCode, code, stdout, stderr, shortMessage } = await execa('skopeo', args, {
    stdin: 'ignore',
    encoding: 'buffer',
    reject: false,
    // Its way of ending children with this process would end this process at once on Ctrl-C.
    cleanup: false,
    cancelSignal: signal,
    forceKillAfterDelay: KILL_MS,
  });
  signal.throwIfAborted();
  if (code === 'ENOENT')
    throw new ImageError('skopeo, which fetches images, is not installed', {
      hint: 'On Debian it is the package skopeo: apt install skopeo',
      trouble: 'no-program',
    });
  const said = Buffer.from(stderr).toString('utf8');
  if (exitCode !== 0) throw skopeoError(name, lastWords(said) ?? shortMessage ?? 'it failed');
  return Buffer.from(stdout);
}

/** Ends skopeo when too much comes, or nothing. @returns how to stop watching */
function watchGrowth(options: FetchOptions, stop: AbortController): () => Promise<void> {
  const { name, directory, maxBytes, onBytes } = options;
  let last = 0;
  let grewAt = performance.now();
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    const bytes = await bytesBelow(directory);
    if (bytes !== last) [last, grewAt] = [bytes, performance.now()];
    onBytes(bytes);
    if (bytes > maxBytes)
      stop.abort(
        new ImageError(`${name} is larger than ${maxBytes} bytes`, {
          hint: 'Where that is meant, allow more with --max-size.',
        }),
      );
    if (performance.now() - grewAt > STALL_MS)
      stop.abort(
        new ImageError(`${name}: nothing has come for ${STALL_MS / 1000} s`, { trouble: 'away' }),
      );
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_MS);
  return async () => {
    clearInterval(timer);
    await looking;
  };
}

/** What vanishes meanwhile does not count. */
async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const found = await lstat(join(directory, entry)).catch(() => undefined);
    return found?.isFile() ? found.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
