/** Credentials for registries as skopeo reads them (containers-auth.json(5)), from what Secrets hold. Pure. */
import { parseImageReference } from '../manifest/image-reference.ts';

/** Of a Secret of type kubernetes.io/dockerconfigjson. */
const DOCKER_CONFIG = '.dockerconfigjson';
/** Of one that CDI takes for a data volume. */
const USER = 'accessKeyId';
const PASSWORD = 'secretKey';

/**
 * The text of such a file; undefined when there are no credentials, or what is there cannot be read.
 * @param value of a key of the Secret
 */
export function authText(
  image: string,
  value: (key: string) => string | undefined,
): string | undefined {
  const config = value(DOCKER_CONFIG);
  if (config !== undefined) return hasAuths(config) ? config : undefined;
  const [user, password] = [value(USER), value(PASSWORD)];
  const parsed = parseImageReference(image);
  const registry = parsed.ok ? parsed.reference.registry : undefined;
  if (user === undefined || password === undefined || registry === undefined) return undefined;
  const auth = base64(`${user}:${password}`);
  return JSON.stringify({ auths: { [registry]: { auth } } });
}

function hasAuths(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'auths' in parsed;
  } catch {
    return false;
  }
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(''));
}
