/**
 * `networks`: what an interface is connected to. Only the pod network, which is user-mode networking here.
 */

import { fieldPath } from '../field-path.ts';
import { type Found, text, type ValueOf } from '../fields.ts';
import { checkNetworkName, NETWORK_NAME } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';

export const NETWORK = object({
  type: 'Network',
  fields: {
    name: text(checkNetworkName, { pattern: NETWORK_NAME }),
    pod: object({ type: 'PodNetwork', fields: {} }),
  },
  required: ['name'],
  marks: ['pod'],
});

export type NetworkFields = Found<ValueOf<typeof NETWORK>>;

/** Reports networks without a source. */
export function checkNetworks(networks: readonly NetworkFields[], report: Report): void {
  for (const network of networks) {
    const { present } = network.value;
    if (present.has('pod') || present.has('multus') || present.has('resourceClaim')) continue;
    const place = { path: fieldPath(network.path, 'pod'), offset: network.keyOffset };
    report.error('required', place, 'a network needs a source: write "pod: {}"');
  }
  const second = networks.filter((network) => network.value.present.has('pod'))[1];
  if (second !== undefined)
    report.warning(
      'not-portable',
      second,
      'KubeVirt allows one pod network for each VM; a cluster refuses this',
    );
}
