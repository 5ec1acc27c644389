/** Secrets and ConfigMaps as Kubernetes' `core/v1` has them, and networks as `k8s.cni.cncf.io/v1` has. */
import type { ObjectMeta } from './contract-meta.ts';

export interface SecretObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: ObjectMeta;
  readonly type: string;
  readonly immutable?: true;
  /** Base64. On the read-only socket every value is empty. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface ConfigMapObject {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly metadata: ObjectMeta;
  readonly immutable?: true;
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface NetworkObject {
  readonly apiVersion: 'k8s.cni.cncf.io/v1';
  readonly kind: 'NetworkAttachmentDefinition';
  readonly metadata: ObjectMeta;
  /** CNI's JSON, as the file has it. */
  readonly spec: { readonly config: string };
}
