/** What a VM's status shows of the inside of its guest. Pure. */
import type { InterfaceSpec } from '../model/network-interface.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';
import { defaultMacAddress } from '../qemu-args/mac-address.ts';
import type {
  AgentInfo,
  FreezeStatus,
  GuestFilesystem,
  GuestInterface,
  GuestOs,
  GuestUser,
} from './guest-facts.ts';

/** Changes seldom, because watchers hear of each change. */
export interface GuestFacts {
  readonly agentVersion?: string;
  readonly os?: GuestOs;
  readonly hostName?: string;
  readonly timezone?: string;
  readonly interfaces: readonly GuestInterface[];
}

/** There only while somebody has the agent's channel open. */
export interface GuestStatus extends GuestFacts {
  /** `silent`: it does not answer, or not as an agent does. */
  readonly agent: 'connected' | 'silent';
}

/** What is told only to whoever asks for it. */
export interface GuestDetails {
  readonly agent: AgentInfo;
  readonly users: readonly GuestUser[];
  readonly filesystems: readonly GuestFilesystem[];
  readonly freezeStatus: FreezeStatus | undefined;
}

export type GuestDetail = keyof GuestDetails;

export interface Observed<T> {
  readonly value: T;
  /** Unix ms. */
  readonly at: number;
  /** Why the guest did not answer this time. */
  readonly stale?: string;
}

/** An address that DHCP gave to a NIC, on a network that solovirt makes. */
export interface Lease {
  readonly mac: string;
  readonly address: string;
}

export interface JoinedInterface {
  /** The interface in the manifest; absent for one that only the guest knows. */
  readonly spec?: InterfaceSpec;
  readonly mac?: string;
  /** Absent for one that the guest does not tell of. */
  readonly guest?: GuestInterface;
  /** Absent where nobody knows of one. */
  readonly leased?: string;
}

/** The interfaces of the manifest in its order, each with what the guest calls by its MAC address; then the guest's own. */
export function joinInterfaces(
  vm: VmIdentity,
  specs: readonly InterfaceSpec[],
  told: readonly GuestInterface[],
  leases: readonly Lease[] = [],
): readonly JoinedInterface[] {
  // A bond or a bridge in the guest may have the address of its port; the first that says so is taken.
  const left = [...told];
  const joined = specs.map((spec): JoinedInterface => {
    const mac = (spec.macAddress ?? defaultMacAddress(vm, spec.name))
      .toLowerCase()
      .replaceAll('-', ':');
    const index = left.findIndex((candidate) => candidate.mac === mac);
    const [guest] = index < 0 ? [] : left.splice(index, 1);
    const leased = leases.find((lease) => lease.mac === mac)?.address;
    return {
      spec,
      mac,
      ...(guest === undefined ? {} : { guest }),
      ...(leased === undefined ? {} : { leased }),
    };
  });
  const others = left.map(
    (guest): JoinedInterface => ({ guest, ...(guest.mac === undefined ? {} : { mac: guest.mac }) }),
  );
  return [...joined, ...others];
}

/** The addresses by which a guest may be reached: those of the manifest's interfaces before the guest's own. */
export function guestAddresses(joined: readonly JoinedInterface[]): readonly string[] {
  return [...new Set(joined.flatMap(addressesOf))];
}

/** As the guest tells them; where it tells none, the one that DHCP gave. */
export function addressesOf({ guest, leased }: JoinedInterface): readonly string[] {
  if (guest !== undefined && guest.addresses.length > 0) return guest.addresses;
  return leased === undefined ? [] : [leased];
}
