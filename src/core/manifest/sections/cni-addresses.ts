/**
 * `ipam` of CNI's JSON: who gives addresses on a network, and which (plugins/ipam/host-local).
 */
import type { ManagedNetwork } from '../../model/host-network.ts';
import { ipv4Number, ipv4Text, isPrivate } from '../../network/ipv4.ts';
import { quoted } from '../field-path.ts';
import { type Found, keyOf, list, oneOf, type Spot, text, type ValueOf } from '../fields.ts';
import { object, reportMissing } from '../object-fields.ts';
import type { Report } from '../report.ts';

/** Whose fields these are, in messages. */
export const CNI = 'CNI';
const NOT_HERE = 'solovirt serves addresses as host-local does, or leaves it to others';

const ADDRESS = text(checkAddress);
const RANGE = {
  subnet: text(checkSubnet),
  rangeStart: ADDRESS,
  rangeEnd: ADDRESS,
  gateway: ADDRESS,
};

export const IPAM = object({
  type: 'CniIpam',
  owner: CNI,
  fields: {
    type: oneOf(['host-local', 'dhcp'], { refused: { static: NOT_HERE, whereabouts: NOT_HERE } }),
    ...RANGE,
    ranges: list(
      list(object({ type: 'CniRange', owner: CNI, fields: RANGE, required: ['subnet'] })),
    ),
    routes: list(
      object({
        type: 'CniRoute',
        owner: CNI,
        fields: { dst: text(checkDefaultRoute), gw: ADDRESS },
        required: ['dst'],
      }),
    ),
  },
});

export type IpamFields = Found<ValueOf<typeof IPAM>>;
type Ipam = ValueOf<typeof IPAM>['get'];
type Range = Pick<Ipam, keyof typeof RANGE>;

/** `dhcp`, or no type: nothing of it is solovirt's. */
export function refuseAddresses(ipam: IpamFields, report: Report): void {
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
export function rangeOf(ipam: IpamFields, report: Report): Found<Range> | undefined {
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

export function resolveRange(
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
