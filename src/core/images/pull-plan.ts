/**
 * Which images a VM wants, and what a start has to do about each: use what is there, ask the registry whether it is still
 * the newest, or pull it. Pure.
 */
import { parseImageReference } from '../manifest/image-reference.ts';
import type { ImagePull, PullPolicy } from '../model/storage.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';

/** One file of one image. */
export interface WantedImage extends ImagePull {
  readonly image: string;
  /** In the image; absent: its only disk. */
  readonly path?: string;
}

export type Presence =
  | 'absent'
  /** Somebody put the file there, so that no registry is to be asked about it. */
  | 'placed'
  | 'pulled';

export type PullPlan =
  | 'use'
  | 'pull'
  /** It is there, and the registry may have a newer one. */
  | 'refresh';

/** What the disks and the kernel of a VM come from, each file once. */
export function wantedImages({
  template,
}: Pick<VirtualMachine, 'template'>): readonly WantedImage[] {
  const { disks, kernelBoot } = template.spec;
  const ofDisks = disks.flatMap(({ source }): readonly WantedImage[] => {
    if (source.kind !== 'containerDisk') return [];
    const { kind: _, ...wanted } = source;
    return [wanted];
  });
  const wanted = [...ofDisks, ...kernelImages(kernelBoot?.source)];
  return [...new Map(wanted.map((image) => [JSON.stringify(image), image])).values()];
}

type Source = NonNullable<VirtualMachine['template']['spec']['kernelBoot']>['source'];

function kernelImages(source: Source | undefined): readonly WantedImage[] {
  if (source?.kind !== 'container') return [];
  const { kind: _, kernelPath, initrdPath, ...image } = source;
  return [kernelPath, initrdPath].flatMap((path) =>
    path === undefined ? [] : [{ ...image, path }],
  );
}

/**
 * Whether a registry has it: its name begins with a host. `localhost` without a port is what other programs put before the
 * names of images that are of this host alone.
 */
export function isOfRegistry(image: string): boolean {
  const parsed = parseImageReference(image);
  const registry = parsed.ok ? parsed.reference.registry : undefined;
  return registry !== undefined && registry !== 'localhost';
}

export function pullPlan(wanted: WantedImage, presence: Presence): PullPlan {
  if (presence === 'placed' || !isOfRegistry(wanted.image)) return 'use';
  const policy = wanted.pullPolicy ?? defaultPolicy(wanted.image);
  if (policy === 'Never') return 'use';
  if (presence === 'absent') return 'pull';
  return policy === 'Always' && !isPinned(wanted.image) ? 'refresh' : 'use';
}

/** Kubernetes' rule: a tag that says nothing is looked up each time. */
function defaultPolicy(image: string): PullPolicy {
  const parsed = parseImageReference(image);
  const { tag = 'latest', digest } = parsed.ok ? parsed.reference : {};
  return tag === 'latest' && digest === undefined ? 'Always' : 'IfNotPresent';
}

/** What a digest names never changes. */
function isPinned(image: string): boolean {
  const parsed = parseImageReference(image);
  return parsed.ok && parsed.reference.digest !== undefined;
}
