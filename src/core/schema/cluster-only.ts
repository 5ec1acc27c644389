/**
 * What the fields hold that are accepted with a warning. No reader looks inside them; these are KubeVirt's types.
 */
import { ANY_OBJECT, listOf, type Schema, TEXT, TEXTS } from './schema.ts';

export const CLUSTER_ONLY: Readonly<Record<string, Schema>> = {
  affinity: ANY_OBJECT,
  dnsConfig: ANY_OBJECT,
  dnsPolicy: TEXT,
  evictionStrategy: TEXT,
  imagePullPolicy: TEXT,
  imagePullSecret: TEXT,
  nodeSelector: TEXTS,
  priorityClassName: TEXT,
  resourceClaims: listOf(ANY_OBJECT),
  schedulerName: TEXT,
  serviceAccountName: TEXT,
  tolerations: listOf(ANY_OBJECT),
  topologySpreadConstraints: listOf(ANY_OBJECT),
  updateVolumesStrategy: TEXT,
};
