/** The YAML text of a VM's document over the socket. solovirt's own. */
import { createHash } from 'node:crypto';
import { vmPath } from './contract-paths.ts';

/** GET and PUT, text/yaml. */
export function manifestPath(namespace: string, name: string): string {
  return `${vmPath(namespace, name)}/manifest`;
}

/** The ETag of a text: what PUT is to find unchanged when it is sent as If-Match. */
export function manifestTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
}
