/**
 * `devices.interfaces` joined with `networks` by name: NICs in user-mode networking. Without either there
 * is one NIC, as in KubeVirt, unless `autoattachPodInterface` is false.
 */
import type { InterfaceModel, InterfaceSpec } from '../../model/virtual-machine.ts';
import { fieldPath, quoted } from '../field-path.ts';
import {
  type Found,
  integer,
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
import type { NetworkFields } from './networks.ts';

const DEFAULT_NAME = 'default';
const DEFAULT_MODEL: InterfaceModel = 'virtio';
const NO_SUCH_MODEL = 'this NIC is not supported by this version of solovirt';

/** The other ways of KubeVirt to connect an interface; each is refused by its name. */
const OTHER_BINDINGS = ['binding', 'bridge', 'macvtap', 'passt', 'passtBinding', 'slirp', 'sriov'];

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
    model: oneOf<InterfaceModel>(['virtio', 'e1000', 'e1000e', 'rtl8139', 'ne2k_pci'], {
      refused: { igb: NO_SUCH_MODEL, pcnet: NO_SUCH_MODEL },
    }),
    macAddress: text(checkMac),
    bootOrder: BOOT_ORDER,
    ports: list(PORT),
    state: only('up'),
  },
  required: ['name'],
  marks: ['masquerade', ...OTHER_BINDINGS],
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
export type InterfaceBase = Omit<InterfaceSpec, 'forwards'> & {
  readonly ports: ForwardTarget['ports'];
};

export function resolveInterfaces(
  interfaces: readonly InterfaceFields[],
  networks: readonly NetworkFields[],
  autoattach: boolean,
  report: Report,
): readonly InterfaceBase[] {
  if (interfaces.length === 0 && networks.length === 0)
    return autoattach ? [{ name: DEFAULT_NAME, model: DEFAULT_MODEL, ports: [] }] : [];
  reportDuplicateNames(interfaces, report);
  reportDuplicateNames(networks, report);
  const networkNames = names(networks);
  reportUnmatched(interfaces, networkNames, 'missing-network', 'network', report);
  reportUnmatched(networks, names(interfaces), 'missing-interface', 'interface', report);
  return interfaces.map((found) => resolveInterface(found, report));
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

function resolveInterface(found: InterfaceFields, report: Report): InterfaceBase {
  const { present, get } = found.value;
  const bound = ['masquerade', ...OTHER_BINDINGS].some((binding) => present.has(binding));
  if (!bound) {
    const place = { path: fieldPath(found.path, 'masquerade'), offset: found.keyOffset };
    report.error('required', place, 'an interface needs a binding: write "masquerade: {}"');
  }
  const ports = (get.ports?.value ?? []).map(({ value }) => value.get);
  reportDuplicateNames(get.ports?.value ?? [], report);
  return {
    name: get.name?.value ?? DEFAULT_NAME,
    model: get.model?.value ?? DEFAULT_MODEL,
    ...(get.macAddress && { macAddress: get.macAddress.value.toLowerCase().replaceAll('-', ':') }),
    ...(get.bootOrder && { bootOrder: get.bootOrder.value }),
    ports: ports.map(({ name, port, protocol }) => ({
      ...(name && { name: name.value }),
      port: port?.value ?? 0,
      protocol: protocol?.value === 'UDP' ? 'udp' : 'tcp',
    })),
  };
}
