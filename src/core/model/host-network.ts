/**
 * Networks of the host that guests are attached to: what a NetworkAttachmentDefinition of the VM files says. Pure data.
 */

/** What tells a network from all others. */
export interface NetworkId {
  readonly namespace: string;
  /** Of the NetworkAttachmentDefinition: a DNS subdomain. */
  readonly name: string;
}

export interface HostNetwork extends NetworkId {
  /** Name of the bridge's network interface, at most 15 characters. */
  readonly bridge: string;
  /** Of the bridge's port, in bytes; absent: the bridge's. */
  readonly mtu?: number;
  /** 1 to 4094: frames of the guest are untagged, and belong to this VLAN on the bridge. */
  readonly vlan?: number;
  /** With `vlan`: the port stays in the bridge's default VLAN as well, as CNI's plugin leaves it. */
  readonly keepsDefaultVlan?: true;
  /** Absent: the host has the bridge already, and serves no addresses on it as far as solovirt is concerned. */
  readonly managed?: ManagedNetwork;
}

/** solovirt makes the bridge itself, and serves addresses and names on it. All addresses are IPv4, in dots. */
export interface ManagedNetwork {
  /** `10.44.0.0`: the address with no bit set beyond the prefix. */
  readonly subnet: string;
  /** 8 to 30. */
  readonly prefix: number;
  /** The bridge's own address. */
  readonly gateway: string;
  /** Of the addresses that guests are given, both included; the gateway may lie between them and is given to nobody. */
  readonly first: string;
  readonly last: string;
  /** Guests reach what the host reaches, under the host's address. */
  readonly nat: boolean;
  /** Below which the guests' names are: `lan` for `web.lan`. */
  readonly domain: string;
}

/** `NAMESPACE/NAME` */
export function networkKey({ namespace, name }: NetworkId): string {
  return `${namespace}/${name}`;
}
