/**
 * The files of a cloud-init seed, as KubeVirt lays them out (`pkg/cloud-init`): NoCloud's at the top of a disk labelled
 * `cidata`, OpenStack's below `openstack/latest` of one labelled `config-2`.
 */
import type { CloudInitSource } from '../model/storage.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';
import { writeIso9660 } from './iso9660.ts';

/** What a seed says about the machine besides what its author wrote. */
export interface SeedFacts {
  readonly vm: VmIdentity;
  readonly hostname: string;
  /** Of the machine. */
  readonly uuid: string;
}

export interface SeedContents {
  readonly userData?: Uint8Array;
  readonly networkData?: Uint8Array;
  /** SSH keys of the user that the image is made for. */
  readonly publicKeys?: readonly string[];
}

interface Layout {
  readonly label: string;
  readonly folder: string;
  readonly metaData: string;
  readonly userData: string;
  readonly networkData: string;
  /** What the keys are called there. */
  readonly publicKeys: string;
  metaDataOf(facts: SeedFacts): object;
}

const LAYOUTS: Readonly<Record<CloudInitSource['format'], Layout>> = {
  NoCloud: {
    label: 'cidata',
    folder: '',
    metaData: 'meta-data',
    userData: 'user-data',
    networkData: 'network-config',
    publicKeys: 'public-keys',
    metaDataOf: ({ uuid, hostname }) => ({
      'instance-id': uuid,
      'local-hostname': hostname,
    }),
  },
  ConfigDrive: {
    label: 'config-2',
    folder: 'openstack/latest/',
    metaData: 'meta_data.json',
    userData: 'user_data',
    networkData: 'network_data.json',
    publicKeys: 'public_keys',
    metaDataOf: ({ vm, hostname, uuid }) => ({
      instance_id: `${vm.name}.${vm.namespace}`,
      hostname,
      uuid,
    }),
  },
};

/** The image of a seed disk. The same VM gives the same instance id, so that cloud-init sets up a guest once. */
export function seedDisk(
  format: CloudInitSource['format'],
  { userData = Uint8Array.of(), networkData, publicKeys = [] }: SeedContents,
  facts: SeedFacts,
): Uint8Array {
  const layout = LAYOUTS[format];
  const { label, folder, metaDataOf } = layout;
  const keys = publicKeys.length > 0 && { [layout.publicKeys]: { ...publicKeys } };
  const metaData = new TextEncoder().encode(JSON.stringify({ ...metaDataOf(facts), ...keys }));
  return writeIso9660(label, [
    { path: folder + layout.metaData, bytes: metaData },
    // NoCloud is no seed without it, be it empty.
    { path: folder + layout.userData, bytes: userData },
    ...(networkData === undefined
      ? []
      : [{ path: folder + layout.networkData, bytes: networkData }]),
  ]);
}
