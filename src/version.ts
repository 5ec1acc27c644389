/**
 * Which version of solovirt this is. The build of the package writes it in; in a checkout it is that of package.json.
 */
import { readFileSync } from 'node:fs';

/** Replaced by the build of the package. */
declare const SOLOVIRT_VERSION: string | undefined;

export function readVersion(): string {
  if (typeof SOLOVIRT_VERSION === 'string') return SOLOVIRT_VERSION;
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
