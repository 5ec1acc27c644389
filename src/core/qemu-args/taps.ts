/**
 * Taps: the host's ends of NICs on bridges. The wrapper `attach` makes them, puts them onto their bridges and hands QEMU
 * open descriptors; a tap is gone as soon as nobody has it open, whatever became of QEMU and of the daemon. Pure.
 */
import { type HostNetwork, type NetworkId, networkKey } from '../model/host-network.ts';
import type { BridgeInterface, InterfaceSpec } from '../model/network-interface.ts';

export interface Tap {
  /** Of the network interface on the host. */
  readonly name: string;
  /** Number of QEMU's descriptor. */
  readonly descriptor: number;
  readonly network: HostNetwork;
}

/** Above what the wrappers between `attach` and QEMU have open. */
const FIRST_DESCRIPTOR = 64;

/** Number of the descriptor by which QEMU has the NIC's other end, a tap or passt. */
export function nicDescriptor(index: number): number {
  return FIRST_DESCRIPTOR + index;
}

/** `sv1b9d6bcdn0`: at most 15 characters, and another for each run. @param uid of the instance, a UUID */
export function tapName(uid: string, index: number): string {
  return `sv${uid.slice(0, 8)}n${index}`;
}

export function networkOf(
  { network }: BridgeInterface,
  networks: readonly HostNetwork[],
): HostNetwork | undefined {
  return networks.find((one) => networkKey(one) === networkKey(network));
}

/** Those of an instance whose networks are all there. */
export function tapsOf(
  uid: string,
  interfaces: readonly InterfaceSpec[],
  networks: readonly HostNetwork[],
): readonly Tap[] {
  return interfaces.flatMap((nic, index) => {
    const network = nic.kind === 'bridge' ? networkOf(nic, networks) : undefined;
    if (network === undefined) return [];
    return [{ name: tapName(uid, index), descriptor: nicDescriptor(index), network }];
  });
}

/** Names of the networks that an instance is to be attached to, each once. */
export function networksWanted(interfaces: readonly InterfaceSpec[]): readonly NetworkId[] {
  const wanted = interfaces.flatMap((nic) => (nic.kind === 'bridge' ? [nic.network] : []));
  return [...new Map(wanted.map((id) => [networkKey(id), id])).values()];
}

/** Who makes taps. */
export type TapMaker =
  /** The launcher's own right (CAP_NET_ADMIN). */
  | { readonly kind: 'own' }
  /** QEMU's set-user-ID helper, at this path: it chooses the names, and knows neither VLANs nor other frame sizes. */
  | { readonly kind: 'helper'; readonly path: string }
  /** A service that reads the orders where the launcher left them, at this socket. */
  | { readonly kind: 'service'; readonly socket: string };

export type TapMaking =
  | TapMaker
  /** Nobody can; why, in words for the user. */
  | { readonly kind: 'none'; readonly why: string };

/** The command that makes the taps and becomes the program. @param program with its arguments */
export function withTaps(
  taps: readonly Tap[],
  maker: TapMaker,
  program: readonly string[],
  attach: string,
): readonly string[] {
  if (taps.length === 0) return program;
  return [
    attach,
    ...makerArgs(maker),
    ...taps.flatMap((tap) => ['--tap', tapOrder(tap)]),
    '--',
    ...program,
  ];
}

function makerArgs(maker: TapMaker): readonly string[] {
  switch (maker.kind) {
    case 'own':
      return [];
    case 'helper':
      return ['--helper', maker.path];
    case 'service':
      return ['--service', maker.socket];
  }
}

/** As `taps.pl` reads it. */
export function tapOrder({ name, descriptor, network }: Tap): string {
  const { bridge, mtu = 0, vlan = 0, keepsDefaultVlan } = network;
  return [name, descriptor, bridge, mtu, vlan, keepsDefaultVlan === true ? 1 : 0].join(' ');
}
