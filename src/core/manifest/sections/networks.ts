/**
 * `networks`: what an interface is connected to. The pod network, which is user-mode networking here, or one of the
 * host's that a NetworkAttachmentDefinition describes.
 */

import type { NetworkId } from '../../model/host-network.ts';
import { fieldPath, quoted } from '../field-path.ts';
import { type Found, only, text, type ValueOf } from '../fields.ts';
import { checkDnsSubdomain, checkNetworkName, isDnsLabel, NETWORK_NAME } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';

export const NETWORK = object({
  type: 'Network',
  fields: {
    name: text(checkNetworkName, { pattern: NETWORK_NAME }),
    pod: object({ type: 'PodNetwork', fields: {} }),
    multus: object({
      type: 'MultusNetwork',
      fields: { networkName: text(checkNetworkId), default: only(false) },
      required: ['networkName'],
    }),
  },
  required: ['name'],
  marks: ['pod'],
});

/** As multus takes it (`parsePodNetworkAnnotation`): in the VM's namespace unless it says another. */
function checkNetworkId(written: string): string | undefined {
  const parts = written.split('/');
  const [name = '', namespace] = parts.toReversed();
  if (parts.length > 2 || (namespace !== undefined && !isDnsLabel(namespace)))
    return `${quoted(written)} is not NAME or NAMESPACE/NAME of a NetworkAttachmentDefinition`;
  return checkDnsSubdomain(name);
}

/** The NetworkAttachmentDefinition of a network. @param namespace the VM's */
export function networkIdOf(network: NetworkFields, namespace: string): NetworkId | undefined {
  const written = network.value.get.multus?.value.get.networkName?.value;
  if (written === undefined) return undefined;
  const [name = '', own = namespace] = written.split('/').toReversed();
  return { namespace: own, name };
}

export type NetworkFields = Found<ValueOf<typeof NETWORK>>;

/** Reports networks without a source. */
export function checkNetworks(networks: readonly NetworkFields[], report: Report): void {
  for (const network of networks) {
    const { present } = network.value;
    const { pod, multus } = network.value.get;
    if (pod !== undefined && multus !== undefined)
      report.error(
        'mutually-exclusive',
        { path: multus.path, offset: multus.keyOffset },
        'a network has one source, and pod is there already',
      );
    if (present.has('pod') || present.has('multus') || present.has('resourceClaim')) continue;
    const place = { path: fieldPath(network.path, 'pod'), offset: network.keyOffset };
    report.error(
      'required',
      place,
      'a network needs a source: write "pod: {}", or "multus: {networkName: NAME}" for one of the host',
    );
  }
  const second = networks.filter((network) => network.value.present.has('pod'))[1];
  if (second !== undefined)
    report.warning(
      'not-portable',
      second,
      'KubeVirt allows one pod network for each VM; a cluster refuses this',
    );
}
