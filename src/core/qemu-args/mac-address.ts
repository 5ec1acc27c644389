/**
 * The MAC address of an interface that has none in the manifest. It follows from the names alone, so a guest
 * keeps its address over restarts, and on another host. Part of what guests rely on: never change it.
 */
import { fnv1a64 } from '../fnv1a.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';

/** A locally administered unicast address (first octet 02) with 40 bits of hash. */
export function defaultMacAddress(vm: VmIdentity, interfaceName: string): string {
  // A slash is in no Kubernetes name, so no two different triples give one text.
  const hash = fnv1a64(`${vm.namespace}/${vm.name}/${interfaceName}`);
  const folded = (hash ^ (hash >> 40n)) & 0xffffffffffn;
  const octets = folded.toString(16).padStart(10, '0').match(/../g) ?? [];
  return ['02', ...octets].join(':');
}
