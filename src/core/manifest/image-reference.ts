/**
 * Names of container images, and where their files lie in the image directory, whether `solovirt images` or somebody
 * else put them there. Nothing that passes here leads out of the directory.
 */
import { checkInnerPath } from './names.ts';

/** An image reference taken apart (grammar: github.com/distribution/reference). */
export interface ImageReference {
  /** Registry host with its port, when the reference names one. */
  readonly registry?: string;
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

export type ParsedReference =
  | { readonly ok: true; readonly reference: ImageReference }
  | { readonly ok: false; readonly message: string };

const MAX_NAME = 255;
const HOST_LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const REGISTRY = new RegExp(
  `^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::\\d{1,5})?$`,
);
const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

const EXTENSIONS = ['.qcow2', '.img', '.raw', '.iso'] as const;

/** Takes an image reference apart, or says what is wrong with it. */
export function parseImageReference(reference: string): ParsedReference {
  const [named = '', digest, ...more] = reference.split('@');
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest)))
    return wrong('after "@" stands sha256: and 64 hexadecimal digits in lower case');
  const { name, tag } = splitTag(named);
  if (tag !== undefined && !TAG.test(tag))
    return wrong(
      'a tag has at most 128 letters, digits, "_", "." and "-", and begins with none of the last two',
    );
  // Before the patterns: their work grows with the square of the length.
  if (name.length > MAX_NAME) return wrong(`a name has at most ${MAX_NAME} characters`);
  const { registry, repository } = splitRegistry(name);
  if (registry !== undefined && !REGISTRY.test(registry))
    return wrong('before the first "/" stands the registry, a host name with an optional port');
  if (!REPOSITORY.test(repository))
    return wrong(
      'a name is made of lower-case letters and digits, with ".", "_" or "-" between them, in parts separated by "/"',
    );
  return {
    ok: true,
    reference: {
      repository,
      ...(registry === undefined ? {} : { registry }),
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    },
  };
}

function wrong(message: string): ParsedReference {
  return { ok: false, message };
}

function splitTag(named: string): { readonly name: string; readonly tag?: string } {
  const colon = named.lastIndexOf(':');
  if (colon === -1 || named.includes('/', colon)) return { name: named };
  return { name: named.slice(0, colon), tag: named.slice(colon + 1) };
}

/** The first part is a registry if it could be nothing else: it has a dot, a port, or is `localhost`. */
function splitRegistry(name: string): { readonly registry?: string; readonly repository: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, slash);
  if (slash === -1 || !(/[.:[]/.test(first) || first === 'localhost')) return { repository: name };
  return { registry: first, repository: name.slice(slash + 1) };
}

/** Its registry is on this host. */
export function isOnLoopback(image: string): boolean {
  const parsed = parseImageReference(image);
  const registry = parsed.ok ? (parsed.reference.registry ?? '') : '';
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(registry);
}

/** The path without its ending under which an image lies, relative to the image directory: `host_5000/x/1`. */
export function imageBase(reference: ImageReference): string {
  const { tag = 'latest', digest } = reference;
  return `${nameInDirectory(reference)}/${digest === undefined ? tag : digest.replace(':', '-')}`;
}

function nameInDirectory({ registry, repository }: ImageReference): string {
  return registry === undefined
    ? repository
    : `${registry.replaceAll(/[:[\]]/g, '_')}/${repository}`;
}

/** The name by which a registry is asked. A digest says all, and most programs take no tag beside it. */
export function registryName({ registry, repository, tag, digest }: ImageReference): string {
  const name = registry === undefined ? repository : `${registry}/${repository}`;
  return digest === undefined ? `${name}:${tag ?? 'latest'}` : `${name}@${digest}`;
}

/**
 * Where an image may lie, relative to the image directory, in order of preference. `path` is the file
 * inside the image. Empty when the reference or the path is not valid.
 *
 * `kubevirt/cirros:1` is `kubevirt/cirros/1.qcow2` (or .img .raw .iso), or `disk.qcow2` in the directory
 * `kubevirt/cirros/1`; the tag `latest` also is `kubevirt/cirros.qcow2`. With a path: that file in the
 * directory. `host:5000/x` begins with `host_5000/`; a digest stands as `sha256-HEX` in place of the tag.
 */
export function imageFileCandidates(reference: string, path?: string): readonly string[] {
  const parsed = parseImageReference(reference);
  if (!parsed.ok) return [];
  const { tag = 'latest', digest } = parsed.reference;
  const name = nameInDirectory(parsed.reference);
  const base = imageBase(parsed.reference);
  if (path !== undefined) {
    const inner = path.replace(/^\/+/, '');
    return inner === '' || checkInnerPath(inner) !== undefined ? [] : [`${base}/${inner}`];
  }
  const inDirectory = ['disk.qcow2', 'disk.img', 'disk.raw'].map((file) => `${base}/${file}`);
  const bare = digest === undefined && tag === 'latest' ? EXTENSIONS.map((end) => name + end) : [];
  return [...EXTENSIONS.map((end) => base + end), ...inDirectory, ...bare];
}
