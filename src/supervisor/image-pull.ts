/** Has an image here before a VM is started that wants it, with the credentials that the VM's file names. */
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOfRegistry, pullPlan, type WantedImage } from '../core/images/pull-plan.ts';
import { authText } from '../core/images/registry-auth.ts';
import { imageFileCandidates, isOnLoopback } from '../core/manifest/image-reference.ts';
import { credentialsDir } from '../core/paths.ts';
import { ImageError } from '../images/image-error.ts';
import { pullImage } from '../images/pull-image.ts';
import { lookForImage, presenceOf } from '../images/store.ts';
import type { Ground } from './ground.ts';

export interface ImagePullOptions {
  /** Of the VM, and so of its Secrets. */
  readonly namespace: string;
  readonly signal: AbortSignal;
  /** In words, such as `12 of 300 MiB pulled`. */
  readonly onProgress: (progress: string) => void;
}

export interface PulledImage {
  readonly path: string;
  /** It came just now. */
  readonly fetched: boolean;
  /** Why the registry could not be asked whether what is here is the newest. */
  readonly notAsked?: string;
}

type Host = Pick<Ground, 'settings' | 'objects'>;

/** 100 GiB: no disk that comes in a container image is near that. */
const MAX_BYTES = 100 * 1024 ** 3;
const MIB = 2 ** 20;

/** What a start has to do about an image of its VM. */
export function planOf({ settings }: Pick<Ground, 'settings'>, wanted: WantedImage) {
  const found = lookForImage(settings.imagesDir, wanted.image, wanted.path);
  return { found, plan: pullPlan(wanted, presenceOf(found)) };
}

/**
 * A registry that is away keeps no guest down whose image is here: a host comes up before its network does. One that answers, and
 * says no, does.
 * @throws ImageError, whose hint is for people at this host; the signal's reason when aborted
 */
export async function bringImage(
  ctx: Host,
  wanted: WantedImage,
  options: ImagePullOptions,
): Promise<PulledImage> {
  const { found, plan } = planOf(ctx, wanted);
  if (plan === 'use') {
    if (found !== undefined) return { path: found.path, fetched: false };
    throw new ImageError(missing(ctx, wanted));
  }
  try {
    const { file, fetched } = await pull(ctx, wanted, options);
    return { path: file, fetched };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof ImageError)) throw error;
    if (found === undefined) throw withAdvice(ctx, wanted, error);
    if (error.trouble === 'no-program') return { path: found.path, fetched: false };
    if (error.trouble === 'away')
      return { path: found.path, fetched: false, notAsked: error.message };
    throw withAdvice(ctx, wanted, error);
  }
}

async function pull(
  ctx: Host,
  { image, path, pullSecret }: WantedImage,
  { namespace, signal, onProgress }: ImagePullOptions,
) {
  const { imagesDir, registryAuth, runtimeDir } = ctx.settings;
  await using credentials =
    pullSecret === undefined
      ? await hostCredentials(registryAuth)
      : await secretCredentials(ctx, { image, namespace, name: pullSecret }, runtimeDir);
  return await pullImage(
    {
      reference: image,
      imagesDir,
      ...(path === undefined ? {} : { path }),
      ...(credentials.file === undefined ? {} : { authFile: credentials.file }),
      // As Docker does: nobody else is on the way.
      insecure: isOnLoopback(image),
      maxBytes: MAX_BYTES,
    },
    {
      signal,
      onWait: () => onProgress('waiting for a command that pulls it'),
      onBytes: (bytes, total) => onProgress(progressOf(bytes, total)),
    },
  );
}

function progressOf(bytes: number, total: number | undefined): string {
  const all = total === undefined ? '' : ` of ${Math.ceil(total / MIB)}`;
  return `${Math.floor(bytes / MIB)}${all} MiB pulled`;
}

interface Credentials extends AsyncDisposable {
  readonly file: string | undefined;
}

/** For all pulls of this daemon that no Secret is named for; without the file, whatever skopeo finds itself. */
async function hostCredentials(path: string): Promise<Credentials> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return { file: isThere ? path : undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** A file of the daemon's alone, gone when the pull is over. */
async function secretCredentials(
  { objects }: Host,
  secret: { readonly image: string; readonly namespace: string; readonly name: string },
  runtimeDir: string,
): Promise<Credentials> {
  const { image, namespace, name } = secret;
  const values = objects.values({ kind: 'Secret', namespace, name });
  if (values === undefined)
    throw new ImageError(
      `no file declares the Secret ${name} in the namespace ${namespace}: put one into the VM directory`,
      { trouble: 'denied' },
    );
  const text = authText(image, (key) => values.get(key)?.toString('utf8'));
  if (text === undefined)
    throw new ImageError(
      `the Secret ${name} has no credentials for a registry: it needs a key .dockerconfigjson, as \`kubectl create secret docker-registry\` makes it`,
      { trouble: 'denied' },
    );
  const root = credentialsDir(runtimeDir);
  await mkdir(root, { recursive: true });
  await chmod(root, 0o700);
  const directory = await mkdtemp(join(root, 'pull-'));
  const file = join(directory, 'auth.json');
  await writeFile(file, text, { mode: 0o600 });
  return {
    file,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

function missing({ settings }: Host, { image, path }: WantedImage): string {
  const [place = ''] = imageFileCandidates(image, path);
  const why = isOfRegistry(image)
    ? 'its imagePullPolicy is Never'
    : 'its name begins with no registry';
  return `the image ${image} is not in the image directory, and ${why}: put it at ${join(settings.imagesDir, place)}`;
}

/** The words of a command are for who types it; these are for who wrote a VM file. */
function withAdvice(
  { settings }: Host,
  { image, path }: WantedImage,
  error: ImageError,
): ImageError {
  const { message, trouble, hint } = error;
  const [place = ''] = imageFileCandidates(image, path);
  const advice = {
    denied: `name a Secret with credentials as imagePullSecret, or put them into ${settings.registryAuth}`,
    'no-program': `${hint ?? ''}; or put the image at ${join(settings.imagesDir, place)} by hand`,
  };
  const words = trouble === 'denied' || trouble === 'no-program' ? advice[trouble] : hint;
  return new ImageError(words === undefined ? message : `${message} (${words})`, {
    cause: error,
    trouble,
  });
}
