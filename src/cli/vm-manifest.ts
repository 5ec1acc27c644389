/**
 * From the flags of `create vm` to a manifest, in the field order of the examples. Pure.
 */
import type { JsonObject } from '../core/model/json.ts';
import type { RunStrategy } from '../core/model/virtual-machine.ts';

export interface VolumeFlag {
  readonly kind: 'containerDisk' | 'hostDisk' | 'emptyDisk';
  /** Image reference or path. */
  readonly src?: string;
  readonly size?: string;
  readonly name?: string;
  readonly bus?: string;
  readonly bootOrder?: number;
}

export interface VmFlags {
  readonly name: string;
  /** Absent: not written, which means `default`. */
  readonly namespace?: string;
  readonly runStrategy: RunStrategy;
  readonly cpu: number;
  readonly memory: string;
  readonly volumes: readonly VolumeFlag[];
  readonly kernel?: string;
  readonly initrd?: string;
  readonly kernelArgs?: string;
  /** `8080:80`, as in `solovirt.io/host-ports`. */
  readonly ports: readonly string[];
  readonly network: boolean;
  /** Seconds. */
  readonly gracePeriod?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export function vmManifest(flags: VmFlags): JsonObject {
  const { name, namespace, runStrategy, labels } = flags;
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...unlessEmpty('labels', labels),
      ...unlessEmpty('annotations', vmAnnotations(flags)),
    },
    spec: { runStrategy, template: template(flags) },
  };
}

function vmAnnotations({ annotations, ports }: VmFlags): Record<string, string> {
  const forwarded = ports.length === 0 ? {} : { 'solovirt.io/host-ports': ports.join(', ') };
  return { ...forwarded, ...annotations };
}

function template(flags: VmFlags): JsonObject {
  const { kernel, initrd, kernelArgs, gracePeriod, network } = flags;
  const boot = {
    ...(kernel === undefined ? {} : { 'solovirt.io/kernel': kernel }),
    ...(initrd === undefined ? {} : { 'solovirt.io/initrd': initrd }),
    ...(kernelArgs === undefined ? {} : { 'solovirt.io/kernel-args': kernelArgs }),
  };
  const volumes = named(flags.volumes);
  return {
    ...(Object.keys(boot).length === 0 ? {} : { metadata: { annotations: boot } }),
    spec: {
      domain: {
        cpu: { cores: flags.cpu },
        memory: { guest: flags.memory },
        devices: {
          ...(network ? {} : { autoattachPodInterface: false }),
          ...(volumes.length === 0 ? {} : { disks: volumes.map(disk) }),
          ...(network ? { interfaces: [{ name: 'default', masquerade: {} }] } : {}),
          rng: {},
        },
      },
      ...(network ? { networks: [{ name: 'default', pod: {} }] } : {}),
      ...(volumes.length === 0 ? {} : { volumes: volumes.map(volume) }),
      ...(gracePeriod === undefined ? {} : { terminationGracePeriodSeconds: gracePeriod }),
    },
  };
}

type NamedVolume = VolumeFlag & { readonly name: string };

/** The first one is what the guest boots from, unless it says otherwise. */
function named(volumes: readonly VolumeFlag[]): readonly NamedVolume[] {
  return volumes.map((flag, index) => ({
    ...flag,
    name: flag.name ?? (index === 0 ? 'system' : `disk${index + 1}`),
  }));
}

function disk({ name, bus = 'virtio', bootOrder }: NamedVolume): JsonObject {
  return { name, disk: { bus }, ...(bootOrder === undefined ? {} : { bootOrder }) };
}

function volume({ name, kind, src = '', size }: NamedVolume): JsonObject {
  switch (kind) {
    case 'containerDisk':
      return { name, containerDisk: { image: src } };
    case 'hostDisk':
      return {
        name,
        hostDisk:
          size === undefined
            ? { path: src, type: 'Disk' }
            : { path: src, type: 'DiskOrCreate', capacity: size },
      };
    case 'emptyDisk':
      return { name, emptyDisk: { capacity: size ?? '' } };
  }
}

function unlessEmpty(
  field: string,
  map: Readonly<Record<string, string>>,
): Readonly<Record<string, JsonObject>> {
  return Object.keys(map).length === 0 ? {} : { [field]: map };
}

/** Which flag a field of the manifest comes from. */
const FLAGS: readonly (readonly [field: RegExp, flag: string])[] = [
  [/^metadata\.name$/, '--name'],
  [/^metadata\.namespace$/, '--namespace'],
  [/^metadata\.labels/, '--label'],
  [/solovirt\.io\/host-ports/, '--port-forward'],
  [/solovirt\.io\/kernel-args/, '--kernel-args'],
  [/solovirt\.io\/kernel/, '--kernel'],
  [/solovirt\.io\/initrd/, '--initrd'],
  [/^metadata\.annotations/, '--annotation'],
  [/\.cpu\b/, '--cpu'],
  [/\.memory\b/, '--memory'],
  [/\.containerDisk\b/, '--volume-containerdisk'],
  [/\.hostDisk\b/, '--volume-hostdisk'],
  [/\.emptyDisk\b/, '--volume-emptydisk'],
  [/\.(disks|volumes)\b/, '--volume-…'],
  [/terminationGracePeriodSeconds/, '--termination-grace-period'],
];

/** The flag, or the field itself where no flag stands for it. */
export function flagOf(path: string): string {
  return FLAGS.find(([field]) => field.test(path))?.[1] ?? path;
}
