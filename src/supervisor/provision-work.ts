/** What has to be made or fetched before a VM is started, one piece of work for each. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { claimFiles } from '../core/claims.ts';
import { isOfRegistry, type WantedImage, wantedImages } from '../core/images/pull-plan.ts';
import type { DataVolume } from '../core/model/storage.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import { claimBytes, growClaim } from '../qemu/claim-size.ts';
import { type MadeVolume, makeDataVolume } from '../qemu/data-volume.ts';
import type { EventNote } from './event-log.ts';
import type { Ground } from './ground.ts';
import { bringImage, planOf } from './image-pull.ts';

export interface WorkOptions {
  readonly signal: AbortSignal;
  /** In words. */
  readonly onProgress: (progress: string) => void;
}

type Told = Pick<EventNote, 'type' | 'reason' | 'message'>;

export interface Work {
  /** The same for all VMs that wait for the same thing. */
  readonly id: string;
  /** Changes when the thing is to be made in another way. */
  readonly recipe: string;
  readonly kind: 'disk' | 'image';
  readonly name: string;
  /** `making the disk root` */
  readonly words: string;
  /** KubeVirt's reason for an event that tells of a failure. */
  readonly failedReason: string;
  /** What could not be done, as the beginning of a sentence. */
  readonly failedWords: string;
  /** @returns what there is to tell */
  readonly run: (options: WorkOptions) => Promise<Told | undefined>;
}

/** Data volumes of the VM that have no disk, and are made without anybody's help. */
export function diskWorks(ctx: Ground, vm: VirtualMachine): readonly Work[] {
  const { imagesDir } = ctx.settings;
  return missingVolumes(imagesDir, vm).flatMap((volume) => {
    const { contents } = volume;
    return contents.kind === 'upload' ? [] : [diskWork(ctx, vm, { ...volume, contents })];
  });
}

/** Names of data volumes that wait for somebody to send them. */
export function awaitedUploads({ settings }: Ground, vm: VirtualMachine): readonly string[] {
  return missingVolumes(settings.imagesDir, vm)
    .filter(({ contents }) => contents.kind === 'upload')
    .map(({ name }) => name);
}

function missingVolumes(imagesDir: string, vm: VirtualMachine): readonly DataVolume[] {
  return (vm.dataVolumes ?? []).filter(
    ({ name }) => !claimFiles(vm, name).some(({ path }) => existsSync(join(imagesDir, path))),
  );
}

function diskWork(ctx: Ground, vm: VirtualMachine, volume: MadeVolume): Work {
  const { imagesDir, diskRoots } = ctx.settings;
  const { name } = volume;
  const { namespace } = vm;
  return {
    id: `disk ${namespace}/${name}`,
    recipe: JSON.stringify(volume),
    kind: 'disk',
    name,
    words: `making the disk ${name}`,
    // Both reasons are KubeVirt's (`pkg/virt-controller/watch/vm`).
    failedReason: 'FailedDataVolumeImport',
    failedWords: `the disk ${name} could not be made`,
    run: async (options) => {
      const bring = async (image: string, secret: string | undefined): Promise<string> => {
        const wanted = { image, ...(secret !== undefined && { pullSecret: secret }) };
        return (await bringImage(ctx, wanted, { ...options, namespace })).path;
      };
      await makeDataVolume(vm, volume, { imagesDir, diskRoots, ...options, bring });
      const message = `made the disk ${name}`;
      return { type: 'Normal', reason: 'SuccessfulDataVolumeCreate', message };
    },
  };
}

/** Disks of data volumes that are smaller than they are to be by now. */
export function growWorks(ctx: Ground, vm: VirtualMachine): readonly Work[] {
  return (vm.dataVolumes ?? []).flatMap(({ name, sizeBytes }) => {
    const bytes = claimBytes(ctx.settings.imagesDir, vm, name);
    if (bytes === undefined || sizeBytes === undefined || bytes >= sizeBytes) return [];
    return [growWork(ctx, vm, name, sizeBytes)];
  });
}

function growWork(ctx: Ground, vm: VirtualMachine, name: string, sizeBytes: number): Work {
  const { imagesDir, diskRoots } = ctx.settings;
  return {
    id: `disk ${vm.namespace}/${name}`,
    recipe: `grow ${sizeBytes}`,
    kind: 'disk',
    name,
    words: `growing the disk ${name}`,
    // Both reasons are Kubernetes' (`pkg/kubelet/events`).
    failedReason: 'VolumeResizeFailed',
    failedWords: `the disk ${name} could not be grown`,
    run: async (options) => {
      await growClaim(vm, name, sizeBytes, { imagesDir, diskRoots, ...options });
      const message = `grew the disk ${name} to ${sizeBytes} bytes`;
      return { type: 'Normal', reason: 'VolumeResizeSuccessful', message };
    },
  };
}

/** Images that a registry is to be asked about. */
export function imageWorks(ctx: Ground, vm: VirtualMachine): readonly Work[] {
  const { namespace } = vm;
  return (
    wantedImages(vm)
      // First, for most names are of this host, and nothing has to be looked at for them.
      .filter((wanted) => isOfRegistry(wanted.image) && planOf(ctx, wanted).plan !== 'use')
      .map((wanted) => imageWork(ctx, namespace, wanted))
  );
}

function imageWork(ctx: Ground, namespace: string, wanted: WantedImage): Work {
  const { image } = wanted;
  return {
    id: `image ${JSON.stringify({ ...wanted, ...(wanted.pullSecret && { namespace }) })}`,
    recipe: '',
    kind: 'image',
    name: image,
    words: `pulling ${image}`,
    // The kubelet's reasons (`pkg/kubelet/events`).
    failedReason: 'Failed',
    failedWords: 'the image could not be pulled',
    run: async (options) => {
      const { fetched, notAsked } = await bringImage(ctx, wanted, { ...options, namespace });
      if (notAsked !== undefined)
        return {
          type: 'Warning',
          reason: 'ImageNotRefreshed',
          message: `the image that is here is used, for it could not be asked whether it is the newest: ${notAsked}`,
        };
      if (!fetched) return undefined;
      return { type: 'Normal', reason: 'Pulled', message: `pulled ${image}` };
    },
  };
}
