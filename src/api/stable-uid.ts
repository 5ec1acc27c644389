import { createHash } from 'node:crypto';

/** Always the same uid for the same thing, where nothing of it is stored (RFC 9562, version 8). */
export function stableUid(what: string): string {
  const digest = createHash('sha256').update(`solovirt/${what}`).digest('hex');
  const parts = /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(digest)?.slice(1) ?? [];
  const [a, b, c, d, e] = parts;
  return `${a}-${b}-8${c}-8${d}-${e}`;
}
