/** Says in plain words why `skopeo` could not do what it was asked. */
import { ImageError, type ImageTrouble } from './image-error.ts';

/** The message of `time="…" level=fatal msg="…"` (logrus' text format). */
export function lastWords(stderr: string): string | undefined {
  const line = stderr.trim().split('\n').at(-1);
  const message = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line ?? '')?.[1];
  if (message === undefined) return line === '' ? undefined : line;
  return message.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
}

interface Reading {
  readonly pattern: RegExp;
  readonly trouble: ImageTrouble;
  readonly means: string;
  readonly hint?: string;
}

/** First match wins. The texts are those of github.com/containers/image and of Go's net/http. */
const READINGS: readonly Reading[] = [
  {
    pattern: /policy\.json/,
    trouble: 'other',
    means: 'skopeo has no policy for signatures',
    hint: 'On Debian it is in the package golang-github-containers-common; see containers-policy.json(5).',
  },
  {
    pattern: /connect: (?:operation not permitted|permission denied|network is unreachable)/,
    trouble: 'away',
    means: 'the registry cannot be reached',
    hint: 'Something may keep the daemon from other hosts: docs/systemd.md, "Downloads".',
  },
  {
    pattern: /toomanyrequests|too many requests|status.{0,40}\b(?:429|50[0234])\b/i,
    trouble: 'away',
    means: 'the registry does not answer at present',
  },
  {
    pattern: /manifest unknown|name unknown|not found|no such file or directory/i,
    trouble: 'absent',
    means: 'there is no such image',
  },
  {
    pattern: /unauthorized|authentication required|access to the resource is denied|\b40[13]\b/i,
    trouble: 'denied',
    means: 'the registry does not give it out without a login, or has no such image',
    hint: 'Log in with `skopeo login REGISTRY`, or name a file with credentials: --authfile FILE.',
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    trouble: 'other',
    means: 'the registry speaks plain HTTP',
    hint: 'Where the network can be trusted, allow that with --insecure.',
  },
  {
    pattern: /x509:|certificate/i,
    trouble: 'other',
    means: "the registry's certificate does not hold",
    hint: 'Have this host trust it (/etc/containers/certs.d), or go without with --insecure.',
  },
  {
    pattern: /digest/i,
    trouble: 'damaged',
    means: 'what came is not what its digest says: it is damaged, cut short, or another one',
  },
  { pattern: /\bEOF\b|connection reset/i, trouble: 'damaged', means: 'it is cut short' },
  {
    pattern:
      /connection refused|no such host|no route to host|name resolution|misbehaving|timeout|timed out|unreachable/i,
    trouble: 'away',
    means: 'the registry cannot be reached',
  },
];

export function skopeoError(name: string, words: string): ImageError {
  const reading = READINGS.find(({ pattern }) => pattern.test(words));
  const means = reading === undefined ? '' : `${reading.means}: `;
  return new ImageError(`${name}: ${means}skopeo says: ${words}`, {
    hint: reading?.hint,
    trouble: reading?.trouble ?? 'other',
  });
}
