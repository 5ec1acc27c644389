/**
 * The JSON of a NetworkAttachmentDefinition, by the rules of CNI's plugins `bridge` (plugins/main/bridge) and `host-local`
 * (plugins/ipam/host-local): a configuration, or a list of which the first plugin counts.
 */
import type { HostNetwork, ManagedNetwork, NetworkId } from '../../model/host-network.ts';
import { ipv4Number, ipv4Text, isPrivate } from '../../network/ipv4.ts';
import { fieldPath, quoted } from '../field-path.ts';
import {
  type Found,
  flag,
  integer,
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
import { object, reportMissing } from '../object-fields.ts';
import type { Report } from '../report.ts';

const owner = 'CNI';
const NOT_BRIDGE = 'solovirt attaches guests to bridges alone';
const NOT_HERE = 'solovirt serves addresses as host-local does, or leaves it to others';

/** Linux' IFNAMSIZ, and what its tools take. */
const INTERFACE_NAME = {
  expression: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/,
  rule: 'at most 15 letters, digits, "_", "." and "-"',
};

const ADDRESS = text(checkAddress);
const RANGE = {
  subnet: text(checkSubnet),
  rangeStart: ADDRESS,
  rangeEnd: ADDRESS,
  gateway: ADDRESS,
};

const IPAM = object({
  type: 'CniIpam',
  owner,
  fields: {
    type: oneOf(['host-local', 'dhcp'], { refused: { static: NOT_HERE, whereabouts: NOT_HERE } }),
    ...RANGE,
    ranges: list(list(object({ type: 'CniRange', owner, fields: RANGE, required: ['subnet'] }))),
    routes: list(
      object({
        type: 'CniRoute',
        owner,
        fields: { dst: text(checkDefaultRoute), gw: ADDRESS },
        required: ['dst'],
      }),
    ),
  },
});

export const CNI_BRIDGE = object({
  type: 'CniBridge',
  owner,
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
      owner,
      fields: { domain: text(checkDnsSubdomain, { pattern: DNS_SUBDOMAIN }) },
    }),
    forceAddress: only(false, owner),
    hairpinMode: only(false, owner),
    macspoofchk: only(false, owner),
    portIsolation: only(false, owner),
    promiscMode: only(false, owner),
    enabledad: only(false, owner),
    disableContainerInterface: only(false, owner),
  },
  required: ['type', 'bridge'],
});

/** The plugins are read by themselves. */
const ANY = telling({ kind: 'text', mayBeEmpty: true }, () => true);

/** What stands around the plugins of a list. */
export const CNI_LIST = object({
  type: 'CniList',
  owner,
  fields: { cniVersion: text(), name: text(), plugins: list(ANY) },
  ignored: ['cniVersions', 'disableCheck', 'disableGC', 'loadOnlyInlinedPlugins'],
});

type Bridge = ValueOf<typeof CNI_BRIDGE>;
type Ipam = ValueOf<typeof IPAM>['get'];
type Range = Pick<Ipam, keyof typeof RANGE>;

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
  if (plugins.kind !== 'list' || plugins.items.length === 0) {
    report.error(
      'invalid-value',
      { path: 'plugins', offset: plugins.offset },
      'expected a list of plugins',
    );
    return undefined;
  }
  const [first, second] = plugins.items;
  if (first === undefined) return undefined;
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

/** `dhcp`, or no type: nothing of it is solovirt's. */
function refuseAddresses(ipam: Found<ValueOf<typeof IPAM>>, report: Report): void {
  const { type, ...rest } = ipam.value.get;
  if (type !== undefined) return;
  const [field, found] = Object.entries(rest)[0] ?? [];
  if (found === undefined) return;
  report.error(
    'required',
    keyOf(found),
    `${field} needs a type beside it: write "type": "host-local"`,
  );
}

/** `ranges`, or the same fields beside `type`, as older configurations have them. */
function rangeOf(ipam: Found<ValueOf<typeof IPAM>>, report: Report): Found<Range> | undefined {
  const { ranges, subnet } = ipam.value.get;
  const [set, secondSet] = ranges?.value ?? [];
  const [range, second] = set?.value ?? [];
  const further = second ?? secondSet ?? (subnet && range);
  if (further !== undefined)
    report.error('unsupported-value', further, 'a network has one range of addresses here');
  if (range !== undefined) return { ...range, value: range.value.get };
  if (subnet !== undefined) return { ...ipam, value: ipam.value.get };
  // One that is there and wrong has been told of.
  if (!ipam.value.present.has('subnet') && !ipam.value.present.has('ranges'))
    reportMissing(ipam, 'subnet', report);
  return undefined;
}

function resolveRange(
  { value }: Found<Range>,
  ipam: Spot,
  report: Report,
): Omit<ManagedNetwork, 'nat' | 'domain'> | undefined {
  const written = value.subnet?.value;
  if (written === undefined) return undefined;
  const [subnet = '', bits = ''] = written.split('/');
  const prefix = Number(bits);
  const network = ipv4Number(subnet) ?? 0;
  const highest = network + 2 ** (32 - prefix) - 2;
  const within = (found: Found<string> | undefined, otherwise: number): number => {
    if (found === undefined) return otherwise;
    const number = ipv4Number(found.value) ?? otherwise;
    if (number > network && number <= highest) return number;
    const inside = `${ipv4Text(network + 1)} to ${ipv4Text(highest)}`;
    report.error(
      'out-of-range',
      found,
      `${found.value} is no address of a machine in ${written}, whose are ${inside}`,
    );
    return otherwise;
  };
  const gateway = within(value.gateway, network + 1);
  const first = within(value.rangeStart, network + 1);
  const last = within(value.rangeEnd, highest);
  if (first > last || (first === last && first === gateway))
    report.error(
      'out-of-range',
      value.rangeEnd ?? value.rangeStart ?? ipam,
      `no address is left between ${ipv4Text(first)} and ${ipv4Text(last)}`,
    );
  return {
    subnet,
    prefix,
    gateway: ipv4Text(gateway),
    first: ipv4Text(first),
    last: ipv4Text(last),
  };
}

function keyOf({ path, keyOffset }: Spot): { readonly path: string; readonly offset: number } {
  return { path, offset: keyOffset };
}

/** The loopback interface, and what /proc/sys/net/ipv4/conf has in the place of interfaces. */
const NO_BRIDGES = new Set(['all', 'default', 'lo']);

function checkInterfaceName(name: string): string | undefined {
  if (NO_BRIDGES.has(name)) return `${quoted(name)} is no name for a bridge`;
  if (INTERFACE_NAME.expression.test(name)) return undefined;
  return `${quoted(name)} is not the name of a network interface: ${INTERFACE_NAME.rule}`;
}

function checkAddress(written: string): string | undefined {
  return ipv4Number(written) === undefined
    ? `${quoted(written)} is not an IPv4 address such as 10.44.0.1`
    : undefined;
}

/** Large enough for a gateway and a guest. */
const LONGEST_PREFIX = 30;
const SHORTEST_PREFIX = 8;

function checkSubnet(written: string): string | undefined {
  const [address = '', bits = '', more] = written.split('/');
  const number = ipv4Number(address);
  if (number === undefined || more !== undefined || !/^\d{1,2}$/.test(bits))
    return `${quoted(written)} is not an IPv4 subnet such as 10.44.0.0/24`;
  const prefix = Number(bits);
  if (prefix < SHORTEST_PREFIX || prefix > LONGEST_PREFIX)
    return `${quoted(written)}: the prefix must be ${SHORTEST_PREFIX} to ${LONGEST_PREFIX}`;
  const first = number - (number % 2 ** (32 - prefix));
  if (first !== number)
    return `${quoted(written)} has bits set beyond its prefix; did you mean "${ipv4Text(first)}/${prefix}"?`;
  return isPrivate({ subnet: address, prefix })
    ? undefined
    : `${quoted(written)} is not private; choose one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10`;
}

/** The gateway is told to guests in any case. */
function checkDefaultRoute(destination: string): string | undefined {
  if (destination === '0.0.0.0/0') return undefined;
  return `${quoted(destination)}: no route but 0.0.0.0/0, which leads to the gateway, is supported by this version of solovirt`;
}
