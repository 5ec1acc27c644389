/** What becomes of a managed network that nobody asks to join just now. Pure. */
import type { HostNetwork } from '../model/host-network.ts';
import type { Described } from './description.ts';
import type { Member } from './members.ts';

export interface KeptNetwork {
  readonly network: Described;
  /** Those that are in it, and those that were and may come again. */
  readonly members: readonly Member[];
  /** It was made and not taken down, as far as the record knows. */
  readonly isUp: boolean;
}

export type Fate =
  /** As it should be, with these members in it. */
  | { readonly kind: 'keep'; readonly present: readonly Member[] }
  /** Its file has changed, or nobody needs it for now: it is made anew for the next that joins. */
  | { readonly kind: 'take-down' }
  /** No file and no instance names it any more. */
  | { readonly kind: 'forget' };

/**
 * @param isPresent has an instance
 * @param wanted what the VMs of the files name under its name, if they name it
 */
export function fateOf(
  { network, members, isUp }: KeptNetwork,
  isPresent: (member: Member) => boolean,
  wanted: HostNetwork | undefined,
): Fate {
  const present = members.filter(isPresent);
  if (present.length > 0) return { kind: 'keep', present };
  if (wanted === undefined) return { kind: 'forget' };
  if (!isUp || !sameNetwork(network, wanted)) return { kind: 'take-down' };
  return { kind: 'keep', present };
}

export function sameNetwork(one: HostNetwork, other: HostNetwork): boolean {
  return factsOf(one) === factsOf(other);
}

function factsOf({ namespace, name, bridge, mtu, vlan, managed }: HostNetwork): string {
  const { subnet, prefix, gateway, first, last, nat, domain } = managed ?? {};
  const behind = [subnet, prefix, gateway, first, last, nat, domain];
  return JSON.stringify([namespace, name, bridge, mtu, vlan, behind]);
}
