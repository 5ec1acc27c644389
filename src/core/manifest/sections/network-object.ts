/**
 * `NetworkAttachmentDefinition` of the Network Plumbing Working Group: a network of the host, described by CNI's JSON in a
 * text.
 */
import type { NetworkObject } from '../../model/file-object.ts';
import { oneOf, text } from '../fields.ts';
import { readJsonWithin } from '../json-within.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import type { SourceMap } from '../source-node.ts';
import { readCniConfig } from './cni-config.ts';
import { OBJECT_METADATA } from './metadata.ts';
import { headOf, spotOf } from './object-head.ts';

const owner = 'multus';

export const NETWORK_ATTACHMENT_DEFINITION = object({
  type: 'NetworkAttachmentDefinition',
  owner,
  fields: {
    apiVersion: oneOf(['k8s.cni.cncf.io/v1']),
    kind: oneOf(['NetworkAttachmentDefinition']),
    metadata: OBJECT_METADATA,
    spec: object({
      type: 'NetworkAttachmentDefinitionSpec',
      owner,
      fields: { config: text() },
      required: ['config'],
    }),
  },
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
});

/** @param file the whole file's text */
export function readNetwork(
  root: SourceMap,
  file: string,
  report: Report,
): NetworkObject | undefined {
  const found = NETWORK_ATTACHMENT_DEFINITION(root, spotOf(root), report)?.get;
  const head = headOf(found?.metadata);
  const spec = root.entries.get('spec')?.node;
  const config = spec?.kind === 'map' ? spec.entries.get('config')?.node : undefined;
  if (head === undefined || config?.kind !== 'scalar' || typeof config.value !== 'string')
    return undefined;
  if (found?.spec?.value.get.config === undefined) return undefined;
  const json = readJsonWithin(config, 'spec.config', file, report);
  const { namespace, name } = head;
  const network = json && readCniConfig(json, { namespace, name });
  return network && { kind: 'NetworkAttachmentDefinition', ...head, config: config.value, network };
}
