/**
 * Objects that stand in files beside VMs. Some lend them values: Kubernetes' `Secret` and `ConfigMap`, v1 of the core group.
 * `NetworkAttachmentDefinition` (k8s.cni.cncf.io/v1) describes a network of the host.
 */
import type { HostNetwork } from './host-network.ts';

export const VALUE_KINDS = ['Secret', 'ConfigMap'] as const;
export const NETWORK_KIND = 'NetworkAttachmentDefinition';
export const OBJECT_KINDS = [...VALUE_KINDS, NETWORK_KIND] as const;

/** Of the objects that lend values. */
export type ValueKind = (typeof VALUE_KINDS)[number];
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** What tells an object from all others. */
export interface ObjectId {
  readonly kind: ObjectKind;
  readonly namespace: string;
  /** A DNS subdomain: up to 253 characters. */
  readonly name: string;
}

/** One value: text as it was written, or bytes as base64 (RFC 4648 section 4, padded, on one line). */
export type ObjectValue = { readonly text: string } | { readonly base64: string };

interface Head extends ObjectId {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Values extends Head {
  readonly immutable: boolean;
  /** By key. Those of a Secret must never be shown to whoever may not see them, nor stand in a message or a log. */
  readonly values: ReadonlyMap<string, ObjectValue>;
}

export interface SecretObject extends Values {
  readonly kind: 'Secret';
  /** `Opaque` unless the file says another. */
  readonly type: string;
}

export interface ConfigMapObject extends Values {
  readonly kind: 'ConfigMap';
}

export type ValueObject = SecretObject | ConfigMapObject;

export interface NetworkObject extends Head {
  readonly kind: typeof NETWORK_KIND;
  /** CNI's JSON, as written. */
  readonly config: string;
  /** What it says. */
  readonly network: HostNetwork;
}

export type FileObject = ValueObject | NetworkObject;

/** `Secret/NAMESPACE/NAME` */
export function objectKey({ kind, namespace, name }: ObjectId): string {
  return `${kind}/${namespace}/${name}`;
}

/** The same in everything, values included. */
export function sameObject(a: FileObject, b: FileObject): boolean {
  return a === b || asText(a) === asText(b);
}

function asText(object: FileObject): string {
  return JSON.stringify('values' in object ? { ...object, values: [...object.values] } : object);
}
