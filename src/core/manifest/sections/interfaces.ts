/**
 * `devices.interfaces` joined with `networks` by name: NICs in user-mode networking (`masquerade` or `passtBinding` to the pod
 * network), and on bridges of the host (`bridge` to a network of multus). Without either there is one NIC, as in KubeVirt, unless
 * `autoattachPodInterface` is false.
 */
import type { NetworkId } from '../../model/host-network.ts';
import type { InterfaceModel, UserInterface } from '../../model/network-interface.ts';
import { fieldPath, quoted } from '../field-path.ts';
import {
  type Found,
  integer,
  keyOf,
  list,
  oneOf,
  only,
  type Refusal,
  text,
  type ValueOf,
} from '../fields.ts';
import { checkNetworkName, checkPortName, NETWORK_NAME, PORT_NAME } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { didYouMean } from '../suggest.ts';
import { BOOT_ORDER } from './disks.ts';
import type { ForwardTarget } from './host-ports.ts';
import { reportDuplicateNames } from './named-items.ts';
import { type NetworkFields, networkIdOf } from './networks.ts';

const DEFAULT_NAME = 'default';
const DEFAULT_MODEL: InterfaceModel = 'virtio';
const NO_SUCH_MODEL = 'this NIC is not supported by this version of solovirt';

/** The other ways of KubeVirt to connect an interface; each is refused by its name. */
const OTHER_BINDINGS = ['binding', 'macvtap', 'passt', 'slirp', 'sriov'];

const BINDINGS = ['masquerade', 'passtBinding', 'bridge'] as const;

const PORT = object({
  type: 'Port',
  fields: {
    name: text(checkPortName, { pattern: PORT_NAME }),
    protocol: oneOf(['TCP', 'UDP']),
    port: integer(1, 65_535),
  },
  required: ['port'],
});

export const INTERFACE = object({
  type: 'Interface',
  fields: {
    name: text(checkNetworkName, { pattern: NETWORK_NAME }),
    masquerade: object({ type: 'InterfaceMasquerade', fields: {} }),
    passtBinding: object({ type: 'InterfacePasstBinding', fields: {} }),
    bridge: object({ type: 'InterfaceBridge', fields: {} }),
    model: oneOf<InterfaceModel>(['virtio', 'e1000', 'e1000e', 'rtl8139', 'ne2k_pci'], {
      refused: { igb: NO_SUCH_MODEL, pcnet: NO_SUCH_MODEL },
    }),
    macAddress: text(checkMac),
    bootOrder: BOOT_ORDER,
    ports: list(PORT),
    state: only('up'),
  },
  required: ['name'],
  marks: [...BINDINGS, ...OTHER_BINDINGS],
});

export type InterfaceFields = Found<ValueOf<typeof INTERFACE>>;

function checkMac(address: string): Refusal | undefined {
  const bytes = address.split(/[:-]/);
  if (bytes.length !== 6 || !bytes.every((byte) => /^[0-9A-Fa-f]{2}$/.test(byte)))
    return `${quoted(address)} is not a MAC address such as 52:54:00:12:34:56`;
  if (Number.parseInt(bytes[0] ?? '', 16) % 2 === 1)
    return `${quoted(address)} is a multicast address; the first byte of a NIC's own address is even`;
  return bytes.every((byte) => byte === '00')
    ? 'the address of all zeroes names no NIC'
    : undefined;
}

/** An interface without its forwarded ports, which are known only when all interfaces are. */
export type InterfaceBase = Omit<UserInterface, 'forwards' | 'kind'> & {
  readonly ports: ForwardTarget['ports'];
  /** That of the host which it is a member of; absent: it is behind the host. */
  readonly network?: NetworkId;
  /** Behind the host over passt; absent: over QEMU. */
  readonly passt?: true;
};

export function resolveInterfaces(
  interfaces: readonly InterfaceFields[],
  networks: readonly NetworkFields[],
  { autoattach, namespace }: { readonly autoattach: boolean; readonly namespace: string },
  report: Report,
): readonly InterfaceBase[] {
  if (interfaces.length === 0 && networks.length === 0)
    return autoattach ? [{ name: DEFAULT_NAME, model: DEFAULT_MODEL, ports: [] }] : [];
  reportDuplicateNames(interfaces, report);
  reportDuplicateNames(networks, report);
  const networkNames = names(networks);
  reportUnmatched(interfaces, networkNames, 'missing-network', 'network', report);
  reportUnmatched(networks, names(interfaces), 'missing-interface', 'interface', report);
  return interfaces.map((found) => {
    const network = networks.find(
      ({ value }) => value.get.name?.value === found.value.get.name?.value,
    );
    reportBinding(found, network, report);
    return resolveInterface(found, network && networkIdOf(network, namespace), report);
  });
}

function names(items: readonly (InterfaceFields | NetworkFields)[]): readonly string[] {
  return items.map((item) => item.value.get.name?.value).filter((name) => name !== undefined);
}

function reportUnmatched(
  items: readonly (InterfaceFields | NetworkFields)[],
  others: readonly string[],
  code: string,
  what: string,
  report: Report,
): void {
  for (const item of items) {
    const { name } = item.value.get;
    if (name === undefined || others.includes(name.value)) continue;
    const message = () =>
      `no ${what} is named ${quoted(name.value)}${didYouMean(name.value, others)}`;
    report.error(code, name, message);
  }
}

/** KubeVirt's rules: one binding, and masquerade or passt for the pod network. Ours: bridge for all others. */
function reportBinding(
  found: InterfaceFields,
  network: NetworkFields | undefined,
  report: Report,
): void {
  const { present, get } = found.value;
  if (![...BINDINGS, ...OTHER_BINDINGS].some((binding) => present.has(binding))) {
    const [right, source] = network?.value.present.has('multus')
      ? ['bridge', 'multus']
      : ['masquerade', 'pod'];
    const place = { path: fieldPath(found.path, right), offset: found.keyOffset };
    const message = `an interface needs a binding: write "${right}: {}" for a network with ${source}`;
    report.error('required', place, message);
    return;
  }
  const [first, second] = BINDINGS.filter((binding) => get[binding] !== undefined);
  const [one, other] = [first && get[first], second && get[second]];
  if (first === undefined || one === undefined) return;
  if (other !== undefined)
    report.error(
      'mutually-exclusive',
      keyOf(other),
      `an interface has one binding, and ${first} is there already`,
    );
  else if (first === 'bridge') {
    if (network?.value.present.has('pod'))
      report.error('unsupported-value', keyOf(one), BRIDGE_OF_POD);
  } else if (network?.value.present.has('multus'))
    report.error('invalid-value', keyOf(one), `${first} ${NOT_OF_MULTUS}`);
}

const NOT_OF_MULTUS =
  'works with the pod network alone: write "bridge: {}" to be a member of this network';
const BRIDGE_OF_POD =
  'a host has no pod network to be a member of: write "masquerade: {}" to be behind the host, or name a NetworkAttachmentDefinition in networks instead of pod: "multus: {networkName: NAME}"';

function resolveInterface(
  found: InterfaceFields,
  network: NetworkId | undefined,
  report: Report,
): InterfaceBase {
  const { get } = found.value;
  const ports = (get.ports?.value ?? []).map(({ value }) => value.get);
  reportDuplicateNames(get.ports?.value ?? [], report);
  return {
    name: get.name?.value ?? DEFAULT_NAME,
    model: get.model?.value ?? DEFAULT_MODEL,
    ...(get.macAddress && { macAddress: get.macAddress.value.toLowerCase().replaceAll('-', ':') }),
    ...(get.bootOrder && { bootOrder: get.bootOrder.value }),
    ...(network && { network }),
    ...(get.passtBinding && { passt: true }),
    ports: ports.map(({ name, port, protocol }) => ({
      ...(name && { name: name.value }),
      port: port?.value ?? 0,
      protocol: protocol?.value === 'UDP' ? 'udp' : 'tcp',
    })),
  };
}
