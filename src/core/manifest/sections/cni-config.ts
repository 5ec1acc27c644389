/**
 * The JSON of a NetworkAttachmentDefinition, by the rules of CNI's plugins `bridge` (plugins/main/bridge) and `host-local`
 * (plugins/ipam/host-local): a configuration, or a list of which the first plugin counts.
 */
import type { HostNetwork, ManagedNetwork, NetworkId } from '../../model/host-network.ts';
import { fieldPath, quoted } from '../field-path.ts';
import {
  flag,
  integer,
  keyOf,
  list,
  oneOf,
  only,
  type Spot,
  telling,
  text,
  type ValueOf,
} from '../fields.ts';
import type { JsonWithin } from '../json-within.ts';
import { checkDnsSubdomain, DNS_SUBDOMAIN } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { CNI, IPAM, rangeOf, refuseAddresses, resolveRange } from './cni-addresses.ts';

const NOT_BRIDGE = 'solovirt attaches guests to bridges alone';

/** Linux' IFNAMSIZ, and what its tools take. */
const INTERFACE_NAME = {
  expression: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/,
  rule: 'at most 15 letters, digits, "_", "." and "-"',
};

export const CNI_BRIDGE = object({
  type: 'CniBridge',
  owner: CNI,
  fields: {
    cniVersion: text(),
    name: text(),
    type: oneOf(['bridge', 'cnv-bridge'], {
      refused: Object.fromEntries(
        ['macvlan', 'ipvlan', 'sriov', 'ovs', 'host-device', 'tap', 'ptp', 'vlan'].map((type) => [
          type,
          NOT_BRIDGE,
        ]),
      ),
    }),
    bridge: text(checkInterfaceName, { pattern: INTERFACE_NAME }),
    isGateway: flag,
    isDefaultGateway: flag,
    ipMasq: flag,
    // What IPv4 and Ethernet can do (RFC 791, linux/if_ether.h).
    mtu: integer(68, 65_535),
    vlan: integer(1, 4094),
    preserveDefaultVlan: flag,
    ipam: IPAM,
    dns: object({
      type: 'CniDns',
      owner: CNI,
      fields: { domain: text(checkDnsSubdomain, { pattern: DNS_SUBDOMAIN }) },
    }),
    forceAddress: only(false, CNI),
    hairpinMode: only(false, CNI),
    macspoofchk: only(false, CNI),
    portIsolation: only(false, CNI),
    promiscMode: only(false, CNI),
    enabledad: only(false, CNI),
    disableContainerInterface: only(false, CNI),
  },
  required: ['type', 'bridge'],
});

/** The plugins are read by themselves. */
const ANY = telling({ kind: 'text', mayBeEmpty: true }, () => true);

/** What stands around the plugins of a list. */
export const CNI_LIST = object({
  type: 'CniList',
  owner: CNI,
  fields: { cniVersion: text(), name: text(), plugins: list(ANY) },
  ignored: ['cniVersions', 'disableCheck', 'disableGC', 'loadOnlyInlinedPlugins'],
});

type Bridge = ValueOf<typeof CNI_BRIDGE>;

/** The network that the JSON describes; of use only when no error was reported. */
export function readCniConfig(
  { root, report }: JsonWithin,
  id: NetworkId,
): HostNetwork | undefined {
  const plugins = root.kind === 'map' ? root.entries.get('plugins')?.node : undefined;
  if (plugins === undefined)
    return resolveBridge(
      CNI_BRIDGE(root, spotAt('', root.offset), report),
      spotAt('', root.offset),
      id,
      report,
    );
  CNI_LIST(root, spotAt('', root.offset), report);
  // Anything else than a list has been told of.
  if (plugins.kind !== 'list') return undefined;
  const [first, second] = plugins.items;
  if (first === undefined) {
    const place = { path: 'plugins', offset: plugins.offset };
    report.error('invalid-value', place, 'the list has no plugin');
    return undefined;
  }
  if (second !== undefined)
    report.warning(
      'cluster-only-field',
      { path: 'plugins[1]', offset: second.offset },
      'the first plugin counts here; those after it concern clusters and have no effect on a single host',
    );
  const spot = spotAt('plugins[0]', first.offset);
  return resolveBridge(CNI_BRIDGE(first, spot, report), spot, id, report);
}

function spotAt(path: string, offset: number): Spot {
  return { path, offset, keyOffset: offset };
}

function resolveBridge(
  bridge: Bridge | undefined,
  spot: Spot,
  id: NetworkId,
  report: Report,
): HostNetwork | undefined {
  const name = bridge?.get.bridge?.value;
  if (bridge === undefined || name === undefined) return undefined;
  const { get } = bridge;
  const managed = resolveManaged(bridge, spot, id, report);
  if (managed !== undefined && get.vlan !== undefined)
    report.error('unsupported-field', keyOf(get.vlan), VLAN_OF_MANAGED);
  const keepsDefault = get.vlan !== undefined && get.preserveDefaultVlan?.value !== false;
  return {
    ...id,
    bridge: name,
    ...(get.mtu && { mtu: get.mtu.value }),
    ...(get.vlan && { vlan: get.vlan.value }),
    ...(keepsDefault && { keepsDefaultVlan: true }),
    ...(managed && { managed }),
  };
}

const VLAN_OF_MANAGED =
  'vlan goes with a bridge that the host has already; one that solovirt makes for a network with host-local addresses has no VLANs';
const SERVES_NOTHING =
  'goes with ipam of type host-local: without it the bridge is the host’s own, and solovirt changes nothing on it';
const NO_GATEWAY =
  'with host-local addresses solovirt serves the network from an address of its own on the bridge: write "isGateway": true';

function resolveManaged(
  { get }: Bridge,
  spot: Spot,
  { name }: NetworkId,
  report: Report,
): ManagedNetwork | undefined {
  const { ipam, isGateway, isDefaultGateway, ipMasq, dns } = get;
  if (ipam?.value.get.type?.value !== 'host-local') {
    const serving = { isGateway, isDefaultGateway, ipMasq };
    for (const [field, found] of Object.entries(serving))
      if (found?.value === true)
        report.error('invalid-value', keyOf(found), `${field} ${SERVES_NOTHING}`);
    if (ipam !== undefined) refuseAddresses(ipam, report);
    return undefined;
  }
  if (isGateway?.value !== true && isDefaultGateway?.value !== true)
    report.error(
      'required',
      isGateway ?? { path: fieldPath(spot.path, 'isGateway'), offset: spot.offset },
      NO_GATEWAY,
    );
  const range = rangeOf(ipam, report);
  const addresses = range && resolveRange(range, ipam, report);
  const domain = dns?.value.get.domain?.value ?? name;
  return addresses && { ...addresses, nat: ipMasq?.value ?? false, domain };
}

/** The loopback interface, and what /proc/sys/net/ipv4/conf has in the place of interfaces. */
const NO_BRIDGES = new Set(['all', 'default', 'lo']);

function checkInterfaceName(name: string): string | undefined {
  if (NO_BRIDGES.has(name)) return `${quoted(name)} is no name for a bridge`;
  if (INTERFACE_NAME.expression.test(name)) return undefined;
  return `${quoted(name)} is not the name of a network interface: ${INTERFACE_NAME.rule}`;
}
