/** Disks that are made of what manifests hold: seeds for cloud-init, ConfigMaps and Secrets. */

import { CredentialFault, publicKeysOf } from '../core/agent/access-credentials.ts';
import type { ObjectId, ValueKind } from '../core/model/file-object.ts';
import type { CloudInitSource, DiskSource, ObjectSource, SeedData } from '../core/model/storage.ts';
import type { AccessCredential, InstanceSpec, VmIdentity } from '../core/model/virtual-machine.ts';
import { type SeedFacts, seedDisk } from '../core/seed/cloud-init.ts';
import { MAX_OBJECT_KEY_BYTES, objectDisk } from '../core/seed/object-disk.ts';
import { stableUuid } from '../core/seed/stable-uuid.ts';
import { PrepareError } from './prepare-error.ts';

/** Whom a disk is made for, and what may be put onto it. */
export interface MadeFor extends SeedFacts {
  /** The values of a Secret or ConfigMap by key; undefined when no file declares it. */
  readonly values: ValuesOf;
  readonly credentials: readonly AccessCredential[];
}

export type ValuesOf = (id: ObjectId) => ReadonlyMap<string, Uint8Array> | undefined;

/** What the spec of a VM says of it. */
export function madeFor(vm: VmIdentity, spec: InstanceSpec, values: ValuesOf): MadeFor {
  const { hostname = vm.name, system, accessCredentials: credentials = [] } = spec;
  return { vm, hostname, uuid: system?.uuid ?? stableUuid(vm), values, credentials };
}

export type MadeSource = Extract<DiskSource, { kind: 'cloudInit' | 'objectData' }>;

/** The bytes of the disk. @throws PrepareError when what it is made of is not there; quotes no value */
export function madeImage(source: MadeSource, made: MadeFor): Uint8Array {
  switch (source.kind) {
    case 'cloudInit': {
      const { format, userData, networkData } = source;
      const contents = {
        ...(userData && { userData: bytesOf(userData, USER_DATA_KEYS, made) }),
        ...(networkData && { networkData: bytesOf(networkData, NETWORK_DATA_KEYS, made) }),
        publicKeys: seedKeys(format, made),
      };
      return seedDisk(format, contents, made);
    }
    case 'objectData': {
      const { object, name, label } = source;
      const values = valuesOfObject(source, made);
      const long = [...values.keys()].some((key) => key.length > MAX_OBJECT_KEY_BYTES);
      if (long)
        throw new PrepareError(
          `a key of the ${object} ${name} has more than ${MAX_OBJECT_KEY_BYTES} characters, and no file on the disk can be called so`,
        );
      return objectDisk(label, values);
    }
  }
}

function seedKeys(format: CloudInitSource['format'], made: MadeFor): readonly string[] {
  const { vm, values, credentials } = made;
  const valuesOf = (name: string) => values({ kind: 'Secret', namespace: vm.namespace, name });
  try {
    return credentials.flatMap((credential) =>
      credential.kind === 'seed-keys' && credential.format === format
        ? publicKeysOf(credential.secret, valuesOf)
        : [],
    );
  } catch (error) {
    if (error instanceof CredentialFault) throw new PrepareError(error.message, { cause: error });
    throw error;
  }
}

/** The values of an object by key: none when there is no object and need not be. @throws PrepareError */
export function valuesOfObject(
  { object, name, optional }: ObjectSource,
  made: MadeFor,
): ReadonlyMap<string, Uint8Array> {
  return optional ? (find(object, name, made) ?? new Map()) : need(object, name, made);
}

/** KubeVirt reads either key (`pkg/cloud-init`). */
const USER_DATA_KEYS = ['userdata', 'userData'];
const NETWORK_DATA_KEYS = ['networkdata', 'networkData'];

function bytesOf(data: SeedData, keys: readonly string[], made: MadeFor): Uint8Array {
  switch (data.kind) {
    case 'text':
      return Buffer.from(data.text);
    case 'base64':
      return Buffer.from(data.base64, 'base64');
    case 'secret': {
      const values = need('Secret', data.name, made);
      const found = keys.map((key) => values.get(key)).find((value) => value !== undefined);
      if (found !== undefined) return found;
      throw new PrepareError(`the Secret ${data.name} has no key ${keys.join(' or ')}`);
    }
  }
}

function find(kind: ValueKind, name: string, { vm, values }: MadeFor): ReturnType<ValuesOf> {
  return values({ kind, namespace: vm.namespace, name });
}

function need(kind: ValueKind, name: string, made: MadeFor): ReadonlyMap<string, Uint8Array> {
  const values = find(kind, name, made);
  if (values !== undefined) return values;
  throw new PrepareError(
    `no file declares the ${kind} ${name} in the namespace ${made.vm.namespace}: put one into the VM directory`,
  );
}
