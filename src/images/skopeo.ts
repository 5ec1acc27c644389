/**
 * Has `skopeo` fetch an image, and says in plain words why it could not. skopeo speaks to the registry, finds the
 * credentials and checks every digest (skopeo-copy(1), containers-transports(5), containers-auth.json(5)).
 */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ImageError } from './image-error.ts';

/** So long a registry may send nothing. */
const STALL_MS = 120_000;
const LOOK_MS = 250;
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
  const { source, name, directory, authFile, insecure, signal } = options;
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
    const { exitCode, code, stderr, shortMessage } = await execa('skopeo', args, {
      stdin: 'ignore',
      stdout: 'ignore',
      reject: false,
      // Its way of ending children with this process would end this process at once on Ctrl-C.
      cleanup: false,
      cancelSignal: AbortSignal.any([signal, stop.signal]),
      forceKillAfterDelay: KILL_MS,
    });
    signal.throwIfAborted();
    if (stop.signal.reason instanceof ImageError) throw stop.signal.reason;
    if (code === 'ENOENT')
      throw new ImageError('skopeo, which fetches images, is not installed', {
        hint: 'On Debian it is the package skopeo: apt install skopeo',
      });
    if (exitCode !== 0) throw skopeoError(name, lastWords(stderr) ?? shortMessage ?? 'it failed');
    return image;
  } finally {
    await watch();
  }
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
      stop.abort(new ImageError(`${name}: nothing has come for ${STALL_MS / 1000} s`));
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

/** The message of `time="…" level=fatal msg="…"` (logrus' text format). */
function lastWords(stderr: string): string | undefined {
  const line = stderr.trim().split('\n').at(-1);
  const message = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line ?? '')?.[1];
  if (message === undefined) return line === '' ? undefined : line;
  return message.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
}

interface Reading {
  readonly pattern: RegExp;
  readonly means: string;
  readonly hint?: string;
}

/** First match wins. The texts are those of github.com/containers/image and of Go's net/http. */
const READINGS: readonly Reading[] = [
  {
    pattern: /policy\.json/,
    means: 'skopeo has no policy for signatures',
    hint: 'On Debian it is in the package golang-github-containers-common; see containers-policy.json(5).',
  },
  {
    pattern: /manifest unknown|name unknown|not found|no such file or directory/i,
    means: 'there is no such image',
  },
  {
    pattern: /unauthorized|authentication required|access to the resource is denied|\b40[13]\b/i,
    means: 'the registry does not give it out without a login, or has no such image',
    hint: 'Log in with `skopeo login REGISTRY`, or name a file with credentials: --authfile FILE.',
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    means: 'the registry speaks plain HTTP',
    hint: 'Where the network can be trusted, allow that with --insecure.',
  },
  {
    pattern: /x509:|certificate/i,
    means: "the registry's certificate does not hold",
    hint: 'Have this host trust it (/etc/containers/certs.d), or go without with --insecure.',
  },
  {
    pattern: /digest/i,
    means: 'what came is not what its digest says: it is damaged, cut short, or another one',
  },
  { pattern: /\bEOF\b|connection reset/i, means: 'it is cut short' },
  {
    pattern: /connection refused|no such host|timeout|timed out|unreachable/i,
    means: 'the registry cannot be reached',
  },
];

/** Exported for its test. */
export function skopeoError(name: string, words: string): ImageError {
  const reading = READINGS.find(({ pattern }) => pattern.test(words));
  const means = reading === undefined ? '' : `${reading.means}: `;
  return new ImageError(`${name}: ${means}skopeo says: ${words}`, { hint: reading?.hint });
}
