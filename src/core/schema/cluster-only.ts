/**
 * What the fields hold that are accepted with a warning. No reader looks inside them; these are KubeVirt's types.
 */
import { ANY_OBJECT, listOf, type Schema, TEXT, TEXTS } from './schema.ts';

export const CLUSTER_ONLY: Readonly<Record<string, Schema>> = {
  accessModes: listOf(TEXT),
  affinity: ANY_OBJECT,
  dnsConfig: ANY_OBJECT,
  dnsPolicy: TEXT,
  evictionStrategy: TEXT,
  nodeSelector: TEXTS,
  priorityClassName: TEXT,
  pullMethod: TEXT,
  resourceClaims: listOf(ANY_OBJECT),
  schedulerName: TEXT,
  selector: ANY_OBJECT,
  serviceAccountName: TEXT,
  storageClassName: TEXT,
  tolerations: listOf(ANY_OBJECT),
  topologySpreadConstraints: listOf(ANY_OBJECT),
  updateVolumesStrategy: TEXT,
  volumeMode: TEXT,
  volumeName: TEXT,
};
