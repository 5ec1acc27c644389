/** What is behind the host for each NIC, by its place in the spec, from 0: a network of its own. */

export function netdevId(index: number): string {
  return `net${index}`;
}

/** The first three bytes of its addresses. */
export function subnetOf(index: number): string {
  return `10.0.${2 + index}`;
}

/** The address that the guest is given by DHCP. */
export function guestAddress(index: number): string {
  return `${subnetOf(index)}.2`;
}
