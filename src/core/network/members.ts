/**
 * Who is in a managed network, under which address. A guest keeps its address for as long as its VM is there: what was
 * given once is kept on record. Pure.
 */
import { keyOf } from '../catalogue/catalogue.ts';
import type { ManagedNetwork } from '../model/host-network.ts';
import type { PortForward } from '../model/network-interface.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';
import { collide, portWords } from '../preflight.ts';
import { ipv4Number, ipv4Text } from './ipv4.ts';

/** One NIC of a VM. */
export interface Member {
  readonly vm: VmIdentity;
  /** Lower case, with colons. */
  readonly mac: string;
  readonly address: string;
  /** Ports of the host that lead to it. */
  readonly forwards: readonly PortForward[];
}

export type Applicant = Omit<Member, 'address'>;

/**
 * The members once these NICs of one VM are in: a NIC keeps the address that it had, others of this VM go. An address that
 * nobody has had comes before one that somebody had, for as long as the range has such.
 * @returns undefined when no address is left
 */
export function admit(
  members: readonly Member[],
  applicants: readonly Applicant[],
  network: ManagedNetwork,
): readonly Member[] | undefined {
  const macs = new Set(applicants.map(({ mac }) => mac));
  const vms = applicants.map(({ vm }) => vm);
  const others = members.filter(
    (member) => !macs.has(member.mac) && !vms.some((vm) => isSame(vm, member.vm)),
  );
  const taken = new Set([network.gateway, ...others.map(({ address }) => address)]);
  const admitted: Member[] = [];
  for (const applicant of applicants) {
    const had = members.find(({ mac }) => mac === applicant.mac)?.address;
    const isKept = had !== undefined && !taken.has(had) && isInRange(had, network);
    const address = isKept ? had : firstFree(taken, network);
    if (address === undefined) return undefined;
    taken.add(address);
    admitted.push({ ...applicant, address });
  }
  return [...others, ...admitted];
}

/** The members that are still there, after an edit of the network with an address that is in it. */
export function readmit(members: readonly Member[], network: ManagedNetwork): readonly Member[] {
  return members.filter(({ address }) => isInRange(address, network));
}

/** What keeps NICs of a VM from their ports of the host, in words. @param others NICs of other VMs that are in a network */
export function takenForward(
  applicants: readonly Applicant[],
  others: readonly Member[],
): string | undefined {
  for (const forward of applicants.flatMap(({ forwards }) => forwards)) {
    const holder = others.find((other) =>
      other.forwards.some((theirs) => collide(theirs, forward)),
    );
    if (holder !== undefined)
      return `${portWords(forward)} is forwarded to VM ${keyOf(holder.vm)}; choose another port`;
  }
  return undefined;
}

function firstFree(
  taken: ReadonlySet<string>,
  { first, last }: ManagedNetwork,
): string | undefined {
  const [from, to] = [ipv4Number(first) ?? 0, ipv4Number(last) ?? -1];
  for (let number = from; number <= to; number += 1) {
    const address = ipv4Text(number);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function isInRange(address: string, { first, last, gateway }: ManagedNetwork): boolean {
  const [number, from, to] = [address, first, last].map(ipv4Number);
  if (number === undefined || from === undefined || to === undefined) return false;
  return number >= from && number <= to && address !== gateway;
}

export function isSame(one: VmIdentity, other: VmIdentity): boolean {
  return one.namespace === other.namespace && one.name === other.name;
}
